"""What a page of customers is asked for in most cases, read for all of them before their fields are resolved.

Then these fields need not wait, each in a task of its own, for a loader. What a document does not select is not read;
fields with arguments, or under a condition, are left to the loaders.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from strawberry.types.nodes import SelectedField, Selection

from base.database import Pool
from ledger.entitlement.account import Account
from ledger.entitlement.loading import load_rated_accounts
from rating.customers import ratings
from rating.tiers import Rating

_OF_ACCOUNT = frozenset({"quotas", "serviceYear", "serviceYears"})
_OF_RATING = frozenset({"tier"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadBefore:
    """Accounts as of today and ratings as known now, by customer; empty where nothing that needs them is selected."""

    accounts: Mapping[int, Account] = field(default_factory=dict)
    ratings: Mapping[int, Rating] = field(default_factory=dict)


NOTHING = ReadBefore()


async def read_page(
    pool: Pool, customer_ids: Sequence[int], selected: Sequence[Selection], now: datetime
) -> ReadBefore:
    """Read what is selected of the nodes of a connection; `selected` is the field that has it."""
    of_connection = (each for found in _fields(selected) for each in _fields(found.selections))
    of_nodes = _within(_within(of_connection, "edges"), "node")
    asked = {each.name for each in of_nodes if not each.arguments} if customer_ids else set()
    if asked & _OF_ACCOUNT:
        async with pool.acquire() as conn:
            found = await load_rated_accounts(conn, customer_ids, now=now)
        return ReadBefore(
            accounts={each: account for each, (account, _) in found.items()},
            ratings={each: rating for each, (_, rating) in found.items()},
        )
    if asked & _OF_RATING:
        known = await ratings(pool, [(each, None) for each in customer_ids])
        return ReadBefore(ratings={each: rating for (each, _), rating in known.items()})
    return NOTHING


def _fields(selected: Iterable[Selection]) -> Iterator[SelectedField]:
    """The fields that are selected without a condition, those of fragments too."""
    for each in selected:
        if each.directives:
            continue
        if isinstance(each, SelectedField):
            yield each
        else:
            yield from _fields(each.selections)


def _within(fields: Iterable[SelectedField], name: str) -> Iterator[SelectedField]:
    """The fields that are selected in those of a name."""
    for each in fields:
        if each.name == name:
            yield from _fields(each.selections)
