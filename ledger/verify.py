"""Replaying the ledger: what its own history says, and whether the caches agree.

Each check looks at one customer's books and returns findings as values. Nothing is repaired here: entries never change,
and a cache that disagrees with them is evidence of a fault that somebody must see first.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from asyncpg import Record

from ledger.account import PoolKey
from ledger.accounts import SQL, pool_of
from ledger.batch import balance_of, head_of, redemption_of
from ledger.chain import GENESIS, entry_hash
from ledger.entries import LIFE_CYCLE, Balance, BrokenInvariantError, Entry, EntryKind, RedemptionStatus
from ledger.ids import RedemptionId
from ledger.state import Head, Redemption
from rating.database import Connection, Pool

_CUSTOMERS_A_BATCH = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something that is wrong: which customer, which line or pool, and what."""

    customer_id: int
    member_no: str
    place: str
    problem: str

    def __str__(self) -> str:
        """One line, exact."""
        return f"customer {self.member_no} (id {self.customer_id}), {self.place}: {self.problem}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """All that is written about one customer."""

    customer_id: int
    entries: Sequence[Entry]
    balances: Mapping[PoolKey, Balance]
    redemptions: Mapping[int, Redemption]
    head: Head
    outcomes: Sequence[tuple[str, str, Mapping[str, Any]]]


Problem = tuple[str, str]
Check = Callable[[Books], list[Problem]]


def sequences_have_no_gaps(books: Books) -> list[Problem]:
    """Entries are numbered 1, 2, 3, … and the head knows the next number."""
    found = []
    expected = 1
    for entry in books.entries:
        if entry.sequence != expected:
            found.append((f"entry {entry.sequence}", f"entry {expected} is missing before it"))
        expected = entry.sequence + 1
    if books.head.next_sequence != expected:
        found.append(
            (
                "head",
                f"next sequence is {books.head.next_sequence}, after the entries it should be {expected}",
            )
        )
    return found


def hashes_are_chained(books: Books) -> list[Problem]:
    """Each hash covers its entry and the previous hash; the head holds the last one. The first break is named."""
    previous = GENESIS
    for entry in books.entries:
        if entry.hash != entry_hash(entry, previous):
            return [(f"entry {entry.sequence}", "its hash does not fit its content and the entry before it")]
        previous = entry.hash
    if books.head.last_hash != previous:
        return [("head", "its hash is not that of the last entry")]
    return []


def time_never_runs_backwards(books: Books) -> list[Problem]:
    """Entries are in the order of their recording."""
    return [
        (f"entry {later.sequence}", "it is recorded before the entry in front of it")
        for earlier, later in zip(books.entries, books.entries[1:], strict=False)
        if later.recorded_at < earlier.recorded_at
    ]


def balances_are_the_sum(books: Books) -> list[Problem]:
    """Every balance is what its entries add up to, and no pool was ever overdrawn."""
    sums: dict[PoolKey, Balance] = {}
    for entry in books.entries:
        try:
            sums[entry.pool] = sums.get(entry.pool, Balance()).after(entry)
        except BrokenInvariantError as error:
            return [(f"entry {entry.sequence}", str(error))]
    return [
        (f"balance {pool}", f"it is {books.balances.get(pool)}, its entries say {sums.get(pool)}")
        for pool in sorted({*sums, *books.balances})
        if sums.get(pool) != books.balances.get(pool)
    ]


def redemptions_follow_their_life_cycle(books: Books) -> list[Problem]:
    """Every redemption went through its life cycle, and its row says what its entries say."""
    found: list[Problem] = []
    lives: dict[int, Redemption] = {}
    for entry in books.entries:
        if entry.redemption is None:
            continue
        before = lives.get(entry.redemption)
        status = LIFE_CYCLE.get((before.status if before is not None else None, entry.kind))
        if status is None:
            found.append(
                (f"entry {entry.sequence}", f"{entry.kind} does not follow {before and before.status}")
            )
            continue
        lives[entry.redemption] = _next_life(before, entry, status)
    found += [
        (f"redemption {sequence}", f"its row is {books.redemptions.get(sequence)}, its entries say {life}")
        for sequence in sorted({*lives, *books.redemptions})
        if (life := lives.get(sequence)) != books.redemptions.get(sequence)
    ]
    return found


def outcomes_are_backed(books: Books) -> list[Problem]:
    """Every redemption that was promised under a key is in the ledger."""
    found = []
    known = {entry.redemption for entry in books.entries if entry.redemption is not None}
    for actor, key, outcome in books.outcomes:
        promised = outcome.get("redemption")
        redemption = RedemptionId.parse(promised["id"]) if promised is not None else None
        if promised is not None and (
            redemption is None
            or redemption.customer_id != books.customer_id
            or redemption.sequence not in known
        ):
            found.append((f"outcome {actor} {key!r}", f"redemption {promised['id']} is not in the ledger"))
    return found


CHECKS: tuple[Check, ...] = (
    sequences_have_no_gaps,
    hashes_are_chained,
    time_never_runs_backwards,
    balances_are_the_sum,
    redemptions_follow_their_life_cycle,
    outcomes_are_backed,
)


async def verify(pool: Pool, *, progress: Callable[[int, int], None] | None = None) -> list[Finding]:
    """Check every customer's books in one consistent snapshot; what is wrong, in order of customers.

    `progress` is told how many customers of how many are done. Memory is bounded by a batch of customers.
    """
    found: list[Finding] = []
    async with pool.acquire() as conn, conn.transaction(isolation="repeatable_read", readonly=True):
        total = await conn.fetchval(SQL["customers_count"])
        last = done = 0
        while ids := [
            row["customer_id"] for row in await conn.fetch(SQL["customers_after"], last, _CUSTOMERS_A_BATCH)
        ]:
            found += await _verify_batch(conn, ids)
            last, done = ids[-1], done + len(ids)
            if progress is not None:
                progress(done, total)
    return found


async def _verify_batch(conn: Connection, ids: list[int]) -> list[Finding]:
    entries: dict[int, list[Entry]] = {each: [] for each in ids}
    for row in await conn.fetch(SQL["entries_of"], ids):
        entries[row["customer_id"]].append(entry_of(row))
    balances: dict[int, dict[PoolKey, Balance]] = {each: {} for each in ids}
    for row in await conn.fetch(SQL["balances"], ids, None):
        balances[row["customer_id"]][pool_of(row)] = balance_of(row)
    redemptions: dict[int, dict[int, Redemption]] = {each: {} for each in ids}
    for row in await conn.fetch(SQL["redemptions_of"], ids):
        redemptions[row["customer_id"]][row["sequence"]] = redemption_of(row)
    outcomes: dict[int, list[tuple[str, str, Mapping[str, Any]]]] = {each: [] for each in ids}
    for row in await conn.fetch(SQL["outcomes_of"], ids):
        outcomes[row["customer_id"]].append((row["actor"], row["key"], row["outcome"]))
    heads = {row["customer_id"]: head_of(row) for row in await conn.fetch(SQL["heads_of"], ids)}
    numbers = {row["id"]: row["member_no"] for row in await conn.fetch(SQL["accounts"], ids)}
    return [
        Finding(customer_id=each, member_no=numbers.get(each, "?"), place=place, problem=problem)
        for each in ids
        for check in CHECKS
        for place, problem in check(
            Books(
                customer_id=each,
                entries=entries[each],
                balances=balances[each],
                redemptions=redemptions[each],
                head=heads[each],
                outcomes=outcomes[each],
            )
        )
    ]


def entry_of(row: Record) -> Entry:
    """The entry from a row of entries."""
    return Entry(
        customer_id=row["customer_id"],
        sequence=row["sequence"],
        kind=EntryKind(row["kind"]),
        pool=pool_of(row),
        units=row["units"],
        service_year=row["service_year"],
        star=row["star"],
        edition=row["edition"],
        occurred_at=row["occurred_at"],
        recorded_at=row["recorded_at"],
        vendor=row["vendor"],
        redemption=row["redemption"],
        beneficiary=row["beneficiary"],
        option=row["option"],
        reference=row["reference"],
        details=row["details"],
        hash=bytes(row["hash"]),
    )


def _next_life(before: Redemption | None, entry: Entry, status: RedemptionStatus) -> Redemption:
    """What a redemption's row should say after `entry`, made from the entries alone."""
    details = entry.details
    evidence = tuple((kind, reference) for kind, reference in details.get("evidence", ()))
    if before is None:
        expires_at = details.get("expires_at")
        return Redemption(
            id=RedemptionId(entry.customer_id, entry.sequence),
            status=status,
            pool=entry.pool,
            variant=details.get("variant"),
            service_year=entry.service_year,
            option=entry.option,
            beneficiary=entry.beneficiary,
            vendor=entry.vendor or "",
            units=entry.units or 0,
            reference=entry.reference,
            evidence=evidence,
            star=entry.star,
            edition=entry.edition,
            occurred_at=entry.occurred_at,
            recorded_at=entry.recorded_at,
            expires_at=datetime.fromisoformat(expires_at) if expires_at else None,
        )
    if entry.kind is EntryKind.REDEEM:
        return replace(
            before,
            status=status,
            units=entry.units or 0,
            evidence=tuple(sorted({*before.evidence, *evidence})),
            occurred_at=entry.occurred_at,
        )
    return replace(before, status=status, reason=details.get("reason", before.reason))
