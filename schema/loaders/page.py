"""What customers are asked for in most cases, read for all of them at once before their fields are resolved.

Then these fields need not wait, each in a task of its own, for a loader. What a document does not select is not read;
fields under a condition, and those of another day or moment, are left to the loaders.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from graphql import (
    ArgumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    NullValueNode,
    VariableNode,
)
from strawberry.types import Info

from base.database import Pool
from ledger.entitlement.account import Account
from ledger.entitlement.loading import load_rated_account, load_rated_accounts
from rating.customers import CustomerRow, customers_by_member_no, rated_customer, ratings
from rating.tiers import Rating

_OF_ACCOUNT = frozenset({"quotas", "serviceYear", "serviceYears"})
_OF_RATING = frozenset({"tier"})
_OTHER = frozenset({"on", "knownAt"})
_NODES = ("edges", "node")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadBefore:
    """Accounts as of today and ratings as known now, by customer; empty where nothing that needs them is selected."""

    accounts: Mapping[int, Account] = field(default_factory=dict)
    ratings: Mapping[int, Rating] = field(default_factory=dict)


NOTHING = ReadBefore()


async def read_page(
    pool: Pool, customer_ids: Sequence[int], info: Info[Any, Any], now: datetime
) -> ReadBefore:
    """Read what is selected of the customers of a page; `info` is that of the connection."""
    if not customer_ids:
        return NOTHING
    asked = _Selected(info).names(_NODES)
    if asked & _OF_ACCOUNT:
        found = await load_rated_accounts(pool, customer_ids, now=now)
        return ReadBefore(
            accounts={each: account for each, (account, _) in found.items()},
            ratings={each: rating for each, (_, rating) in found.items()},
        )
    if asked & _OF_RATING:
        known = await ratings(pool, [(each, None) for each in customer_ids])
        return ReadBefore(ratings={each: rating for (each, _), rating in known.items()})
    return NOTHING


async def read_customer(
    pool: Pool, member_no: str, info: Info[Any, Any], now: datetime
) -> tuple[CustomerRow, ReadBefore] | None:
    """Read a customer and what is selected of it; None for an unknown number. `info` is that of its field."""
    asked = _Selected(info).names(())
    if asked & _OF_ACCOUNT:
        account_of = await load_rated_account(pool, member_no, now=now)
        if account_of is not None:
            row, account, rating = account_of
            return row, ReadBefore(accounts={row.id: account}, ratings={row.id: rating})
    elif asked & _OF_RATING:
        rating_of = await rated_customer(pool, member_no)
        return (
            None if rating_of is None else (rating_of[0], ReadBefore(ratings={rating_of[0].id: rating_of[1]}))
        )
    found = (await customers_by_member_no(pool, [member_no])).get(member_no)
    return None if found is None else (found, NOTHING)


class _Selected:
    """What a document selects below a field."""

    def __init__(self, info: Info[Any, Any]) -> None:
        self._raw = info._raw_info  # noqa: SLF001 - `selected_fields` converts the whole selection
        self._variables = info.variable_values

    def names(self, path: Sequence[str]) -> set[str]:
        """The names of the fields at a path that are as of today, and known now."""
        nodes: Iterable[FieldNode] = self._raw.field_nodes
        for name in path:
            nodes = [each for each in self._below(nodes) if each.name.value == name]
        return {
            each.name.value
            for each in self._below(nodes)
            if not any(map(self._is_other, each.arguments or ()))
        }

    def _below(
        self, nodes: Iterable[FieldNode | FragmentDefinitionNode | InlineFragmentNode]
    ) -> Iterator[FieldNode]:
        """The fields that are selected without a condition."""
        for node in nodes:
            for each in node.selection_set.selections if node.selection_set is not None else ():
                if each.directives:
                    continue
                if isinstance(each, FieldNode):
                    yield each
                elif isinstance(each, InlineFragmentNode):
                    yield from self._below([each])
                elif isinstance(each, FragmentSpreadNode):
                    yield from self._below([self._raw.fragments[each.name.value]])

    def _is_other(self, argument: ArgumentNode) -> bool:
        """Whether an argument says that another day, or another moment, is meant."""
        value = argument.value
        if argument.name.value not in _OTHER or isinstance(value, NullValueNode):
            return False
        return not isinstance(value, VariableNode) or self._variables.get(value.name.value) is not None
