"""The invariants of one customer's ledger: checks of the same shape, which return problems as values. Pure.

The entries are the source of truth: they are replayed, and every cache is compared with the result. Each problem names
its place.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import Any

from handbook import business_day, service_year_number, service_year_span
from ledger.entitlement.account import PoolKey
from ledger.ids import RedemptionId
from ledger.posting.chain import GENESIS, entry_hash
from ledger.posting.entries import (
    LIFE_CYCLE,
    Balance,
    BrokenInvariantError,
    Entry,
    EntryKind,
    RedemptionStatus,
)
from ledger.posting.redemptions import Redemption
from ledger.posting.state import Head
from ledger.service_levels.milestones import Milestone


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """All rows of one customer."""

    customer_id: int
    entries: Sequence[Entry]
    balances: Mapping[PoolKey, Balance]
    redemptions: Mapping[int, Redemption]
    head: Head
    outcomes: Sequence[tuple[str, str, Mapping[str, Any]]]
    milestones: Sequence[Milestone] = ()


Problem = tuple[str, str]
Check = Callable[[Books], list[Problem]]

_NOTHING = Balance()


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


def balances_are_the_sum(books: Books) -> list[Problem]:
    """Every balance is what its entries add up to, and no pool was ever overdrawn."""
    sums: dict[PoolKey, Balance] = {}
    for entry in books.entries:
        try:
            sums[entry.pool] = sums.get(entry.pool, _NOTHING).after(entry)
        except BrokenInvariantError as error:
            return [(f"entry {entry.sequence}", str(error))]
    return [
        (f"balance {pool}", f"it is {books.balances.get(pool)}, its entries say {sums.get(pool)}")
        for pool in sorted(
            pool for pool in {*sums, *books.balances} if sums.get(pool) != books.balances.get(pool)
        )
    ]


def redemptions_follow_their_life_cycle(books: Books) -> list[Problem]:
    """Every redemption follows the life cycle, and its row agrees with its entries."""
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
    for sequence in sorted({*lives, *books.redemptions}):
        row, life = books.redemptions.get(sequence), lives.get(sequence)
        if row is None or life is None:
            problem = "it has no row" if row is None else "no entry is its first"
            found.append((f"redemption {sequence}", problem))
        elif row != life:
            found.append((f"redemption {sequence}", _difference(row, life)))
    return found


def _difference(row: Redemption, life: Redemption) -> str:
    names = [each.name for each in fields(Redemption) if getattr(row, each.name) != getattr(life, each.name)]
    return "; ".join(
        f"its row has {name} {getattr(row, name)}, its entries say {getattr(life, name)}" for name in names
    )


def service_years_count_from_the_anchor(books: Books) -> list[Problem]:
    """Every grant, revoke, hold and redemption is in the year that its day lies in, and years expire at their end."""
    anchor = books.head.anchor
    if anchor is None:
        return [("head", "there are entries but no service-year anchor")] if books.entries else []
    found = []
    for moment, entries in groupby(books.entries, attrgetter("occurred_at")):
        day = business_day(moment)
        number = max(1, service_year_number(anchor, day))
        for entry in entries:
            if entry.kind is EntryKind.EXPIRE:
                _, end = service_year_span(anchor, entry.service_year)
                if day != end:
                    problem = f"it expires on {day}, by the anchor {anchor} on {end}"
                    found.append((f"entry {entry.sequence}", problem))
            elif entry.redemption in (None, entry.sequence) and entry.service_year != number:
                problem = f"it is in service year {entry.service_year}, by the anchor {anchor} in {number}"
                found.append((f"entry {entry.sequence}", problem))
    return found


def outcomes_are_the_entries(books: Books) -> list[Problem]:
    """Every outcome has its entries, and every command's entries have one outcome under one key."""
    done = _answerable(books.entries)
    found = []
    for actor, key, outcome in books.outcomes:
        promised = outcome.get("redemption")
        if promised is None or promised.get("milestone") is not None:
            continue
        redemption = RedemptionId.parse(promised["id"])
        place, name = f"outcome {actor} {key!r}", f"redemption {promised['id']}"
        sequence = redemption.sequence if redemption and redemption.customer_id == books.customer_id else None
        entry = done.pop((sequence, promised["status"]), None)
        if entry is None:
            found.append(
                (place, f"{name}, {promised['status']}, is not in the ledger, or was answered twice")
            )
            continue
        said = (promised["units"], promised["benefit"], promised["policy_no"] or "", promised["vendor"])
        if said != (entry.units, entry.pool.benefit, entry.pool.policy_no, entry.vendor):
            found.append((place, f"it says {said} of {name}, entry {entry.sequence} says otherwise"))
    found += [
        (f"entry {entry.sequence}", f"no outcome answers it: redemption {sequence} is {status}")
        for (sequence, status), entry in done.items()
    ]
    return found


def milestones_are_the_outcomes(books: Books) -> list[Problem]:
    """Every milestone belongs to a hold and has an outcome under its key; every such outcome has its milestone."""
    holds = {entry.sequence for entry in books.entries if entry.kind is EntryKind.HOLD}
    answered = {
        (actor, key): (outcome["redemption"]["id"], outcome["redemption"]["milestone"])
        for actor, key, outcome in books.outcomes
        if outcome.get("redemption", {}).get("milestone") is not None
    }
    found = []
    for milestone in books.milestones:
        place = f"milestone {milestone.actor} {milestone.key!r}"
        said = answered.pop((milestone.actor, milestone.key), None)
        if milestone.redemption.sequence not in holds:
            found.append((place, f"redemption {milestone.redemption.sequence} is no hold"))
        if said != (milestone.redemption.opaque, milestone.kind.value):
            found.append((place, f"it is {milestone.kind.value}, its outcome says {said and said[1]}"))
    found += [
        (f"outcome {actor} {key!r}", f"{kind} of redemption {id_} is not there")
        for (actor, key), (id_, kind) in answered.items()
    ]
    return found


def _answerable(entries: Sequence[Entry]) -> dict[tuple[int | None, str], Entry]:
    """The entries posted by commands that changed a redemption's status, by redemption and status."""
    found: dict[tuple[int | None, str], Entry] = {}
    statuses: dict[int, RedemptionStatus] = {}
    for entry in entries:
        if entry.redemption is None:
            continue
        before = statuses.get(entry.redemption)
        status = LIFE_CYCLE.get((before, entry.kind))
        if status is None or status == before:
            continue
        statuses[entry.redemption] = status
        if entry.kind is not EntryKind.EXPIRE_HOLD:
            found[entry.redemption, status.value] = entry
    return found


CHECKS: tuple[Check, ...] = (
    sequences_have_no_gaps,
    hashes_are_chained,
    balances_are_the_sum,
    redemptions_follow_their_life_cycle,
    service_years_count_from_the_anchor,
    outcomes_are_the_entries,
    milestones_are_the_outcomes,
)


def problems_of(books: Books) -> list[Problem]:
    """All problems of a customer's ledger, check by check."""
    found: list[Problem] = []
    for check in CHECKS:
        try:
            found += check(books)
        except Exception as error:  # noqa: BLE001 (what cannot even be read is wrong)
            found.append((f"check {check.__name__}", f"it cannot be made: {error!r}"))
    return found


def _next_life(before: Redemption | None, entry: Entry, status: RedemptionStatus) -> Redemption:
    """What a redemption's row should be after `entry`, computed from the entries alone."""
    details = entry.details
    evidence = tuple(tuple(piece) for piece in details.get("evidence", ()))
    if before is None:
        expires_at = details.get("expires_at")
        return Redemption(
            id=RedemptionId(entry.customer_id, entry.sequence),
            status=status,
            pool=entry.pool,
            variant=details.get("variant"),
            service_year=entry.service_year,
            option=entry.option,
            facility=details.get("facility"),
            wished_number=details.get("wished_number"),
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
    if entry.kind is EntryKind.HOLD:
        return replace(before, status=status, pool=entry.pool)
    return replace(
        before,
        status=status,
        reason=details.get("reason", before.reason),
        reversed_no_show=entry.kind is EntryKind.REVERSE and before.status is RedemptionStatus.NO_SHOW,
    )
