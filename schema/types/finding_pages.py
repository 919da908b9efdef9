"""Pages of findings as a statement and a period have them: one filter, one order, one cursor."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

import strawberry

from ledger.ids import opaque_id, parse_numbers
from ledger.reconciliation.reading import FindingFilter, FindingPosition, FindingView, position_of
from schema.connections import Connection, Page, bad_cursor, checked_first, connection
from schema.filters import TextFilter, texts, values
from schema.loaders.findings import FindingsPage
from schema.types.enums import Action, FindingKind

_CURSOR = "FindingCursor"

N = TypeVar("N")


@strawberry.input(description="Compares the kind of a finding.")
class FindingKindFilter:
    eq: FindingKind | None = strawberry.field(default=None, description="Equal to.")
    in_: list[FindingKind] | None = strawberry.field(
        name="in", default=None, description="One of; none of an empty list."
    )


@strawberry.input(description="Compares the current decision; an open finding meets no condition.")
class ActionFilter:
    eq: Action | None = strawberry.field(default=None, description="Equal to.")
    in_: list[Action] | None = strawberry.field(
        name="in", default=None, description="One of; none of an empty list."
    )


@strawberry.input(description="Which findings.")
class FindingWhere:
    kind: FindingKindFilter | None = strawberry.field(default=None, description="The kind.")
    open: bool | None = strawberry.field(default=None, description="Whether it needs a decision.")
    action: ActionFilter | None = strawberry.field(default=None, description="The current decision.")
    benefit: TextFilter | None = strawberry.field(default=None, description="The code of the benefit.")
    member_no: TextFilter | None = strawberry.field(
        default=None, description="The member number: the line's, or without a line the delivery's."
    )

    def as_filter(self) -> FindingFilter:
        """The filter in the ledger's terms."""
        kind, action = self.kind, self.action
        return FindingFilter(
            kinds=values("kind", kind.eq, kind.in_) if kind is not None else None,
            open=self.open,
            actions=values("action", action.eq, action.in_) if action is not None else None,
            benefits=texts("benefit", self.benefit),
            member_nos=texts("memberNo", self.member_no),
        )


async def findings_connection(
    load: Callable[[FindingsPage], Awaitable[Sequence[FindingView]]],
    where: FindingWhere | None,
    first: int,
    after: str | None,
    *,
    node: Callable[[FindingView], N],
) -> Connection[N]:
    """A page of the findings that `load` reads; `node` makes each of them what the API shows."""
    page = FindingsPage(
        where=where.as_filter() if where is not None else FindingFilter(),
        first=checked_first(first) + 1,
        after=_read_cursor(after),
    )
    return connection(Page.of(await load(page), first), cursor=_cursor, node=node, after=after)


def _cursor(view: FindingView) -> str:
    position = position_of(view)
    return opaque_id(_CURSOR, position.section, position.major, position.minor)


def _read_cursor(after: str | None) -> FindingPosition | None:
    if after is None:
        return None
    numbers = parse_numbers(after, _CURSOR, 3)
    if numbers is None:
        raise bad_cursor()
    section, major, minor = numbers
    return FindingPosition(section=section, major=major, minor=minor)
