"""The tokens that `serve --demo` prints, one for each role."""

from collections.abc import Iterator

from app.identity.keys import key_ring
from app.identity.tokens import CannotIssueError, tokens_of
from app.settings import Settings
from schema.context import Role


def tokens_to_try(settings: Settings, vendors: tuple[str, ...]) -> Iterator[str]:
    """Lines with a token for every role, and for the role vendor one for each of `vendors`; for the longest time."""
    tokens = tokens_of(settings, key_ring(settings))
    holders: list[tuple[Role, str | None]] = []
    for role in Role:
        holders += [(role, code) for code in vendors] if role is Role.VENDOR else [(role, None)]
    try:
        yield f"tokens to try (header Authorization: Bearer …), valid for {tokens.longest_hours} hours:"
        for role, vendor in holders:
            name = f"{role.value} {vendor}" if vendor else role.value
            yield f"  {name}: {tokens.issue(role, vendor=vendor, hours=tokens.longest_hours)}"
    except CannotIssueError as error:
        yield f"  none: {error}"
