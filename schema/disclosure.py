"""Recording whose data an answer shows, for the audit log.

Every type that holds a member's data is built in one place, and that place notes the member; so a new field or list of
such a type is covered without further code. The number is added to the set of `collecting`; without one (in tests of
single types) nothing is noted. It is a context variable, since types are built from rows alone; loaders and resolvers
of one operation run in tasks that share it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_shown: ContextVar[set[str] | None] = ContextVar("members shown", default=None)


@contextmanager
def collecting() -> Iterator[set[str]]:
    """Collect the numbers of the members whose data is shown while the block runs."""
    members: set[str] = set()
    token = _shown.set(members)
    try:
        yield members
    finally:
        _shown.reset(token)


def shown(member_no: str) -> str:
    """Note that data of a member is shown; the number itself."""
    members = _shown.get()
    if members is not None:
        members.add(member_no)
    return member_no
