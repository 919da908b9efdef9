"""Conversions between table rows and values: entries, balances, heads, redemptions, milestones."""

import json
from collections.abc import Sequence
from operator import itemgetter

from asyncpg import Record

from base.database import RawJson
from ledger.entitlement.account import PoolKey, pool_key
from ledger.entitlement.loading import pool_of
from ledger.ids import RedemptionId
from ledger.posting.entries import Balance, Entry, EntryKind, RedemptionStatus
from ledger.posting.redemptions import Redemption
from ledger.posting.state import Head
from ledger.service_levels.milestones import Milestone

ENTRY_COLUMNS = (
    "customer_id",
    "sequence",
    "kind",
    "benefit",
    "period",
    "policy_no",
    "units",
    "service_year",
    "vendor",
    "redemption",
    "beneficiary",
    "option",
    "reference",
    "star",
    "edition",
    "details",
    "occurred_at",
    "recorded_at",
    "subject",
    "hash",
)

BALANCE_COLUMNS = (
    "customer_id",
    "benefit",
    "period",
    "policy_no",
    "unlimited",
    "granted",
    "used",
    "held",
    "expired",
)

_ENTRY = itemgetter("customer_id", "sequence", "kind", "benefit", "period", "policy_no", *Entry._fields[4:])
"""The columns of an entry, in the order of its fields."""
_BALANCE = itemgetter(*Balance._fields)
_KINDS = {each.value: each for each in EntryKind}


_NO_DETAILS = RawJson(b"{}")


def entry_of(row: Record) -> Entry:
    """The entry from a row of entries, whatever else the row has."""
    customer_id, sequence, kind, benefit, period, policy_no, *others = _ENTRY(row)
    return Entry(customer_id, sequence, _KINDS[kind], pool_key(benefit, period, policy_no), *others)


def balance_of(row: Record) -> Balance:
    """The balance from a row of balances."""
    return Balance(*_BALANCE(row))


def head_of(row: Record) -> Head:
    """The head from a row of ledger_heads."""
    return Head(
        next_sequence=row["next_sequence"],
        last_hash=row["last_hash"],
        last_recorded_at=row["last_recorded_at"],
        anchor=row["anchor"],
    )


def redemption_of(row: Record) -> Redemption:
    """The redemption from a row of redemptions."""
    return Redemption(
        id=RedemptionId(row["customer_id"], row["sequence"]),
        status=RedemptionStatus(row["status"]),
        pool=pool_of(row),
        variant=row["variant"],
        service_year=row["service_year"],
        option=row["option"],
        facility=row["facility"],
        wished_number=row["wished_number"],
        beneficiary=row["beneficiary"],
        vendor=row["vendor"],
        units=row["units"],
        reference=row["reference"],
        evidence=tuple(tuple(piece) for piece in row["evidence"]),
        star=row["star"],
        edition=row["edition"],
        occurred_at=row["occurred_at"],
        recorded_at=row["recorded_at"],
        expires_at=row["expires_at"],
        reason=row["reason"],
        reversed_no_show=row["reversed_no_show"],
    )


def entry_row(entry: Entry) -> tuple[object, ...]:
    """The row of an entry, in the order of `ENTRY_COLUMNS`."""
    return (
        entry.customer_id,
        entry.sequence,
        entry.kind,
        *entry.pool,
        entry.units,
        entry.service_year,
        entry.vendor,
        entry.redemption,
        entry.beneficiary,
        entry.option,
        entry.reference,
        entry.star,
        entry.edition,
        RawJson.of(dict(entry.details)) if entry.details else _NO_DETAILS,
        entry.occurred_at,
        entry.recorded_at,
        entry.subject,
        entry.hash,
    )


def balance_row(customer_id: int, pool: PoolKey, balance: Balance) -> tuple[object, ...]:
    """The row of a balance, in the order of `BALANCE_COLUMNS`."""
    return (customer_id, *pool, *balance)


def redemption_row(redemption: Redemption) -> tuple[object, ...]:
    """The row of a redemption, as the query `write` takes it."""
    return (
        redemption.id.customer_id,
        redemption.id.sequence,
        redemption.status.value,
        redemption.pool.benefit,
        redemption.variant,
        redemption.pool.term,
        redemption.service_year,
        redemption.pool.policy_no,
        redemption.option,
        redemption.facility,
        redemption.wished_number,
        redemption.beneficiary,
        redemption.vendor,
        redemption.units,
        redemption.reference,
        json.dumps(redemption.evidence, ensure_ascii=False) if redemption.evidence else "[]",
        redemption.star,
        redemption.edition,
        redemption.occurred_at,
        redemption.recorded_at,
        redemption.expires_at,
        redemption.reason,
        redemption.reversed_no_show,
    )


def milestone_row(milestone: Milestone) -> tuple[object, ...]:
    """The row of a milestone, as the query `write` takes it."""
    return (
        milestone.redemption.customer_id,
        milestone.redemption.sequence,
        milestone.kind.value,
        milestone.occurred_at,
        milestone.appointment_at,
        milestone.actor,
        milestone.key,
        milestone.recorded_at,
        milestone.subject,
    )


def columns(rows: Sequence[tuple[object, ...]], width: int) -> list[list[object]]:
    """Rows of so many columns turned into the arrays that the queries unnest."""
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in range(width)]
