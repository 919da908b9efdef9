"""From rows to what the match is given, and from what it finds to rows."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass
from typing import Any

from asyncpg import Record

from ledger.ids import RedemptionId
from ledger.posting.entries import RedemptionStatus
from ledger.reconciliation.match_values import (
    Cancels,
    Delivery,
    Found,
    History,
    Line,
    Paid,
    Pair,
    Referenced,
    Repeats,
)
from ledger.reconciliation.open_items import ids
from ledger.reconciliation.values import FindingKind, Pass

PAIR_COLUMNS = (
    *("customer_id", "sequence", "statement", "line_no", "pass", "kind", "line_part", "delivery_part"),
)
FINDING_COLUMNS = (
    *("period", "statement", "line_no", "customer_id", "sequence", "kind", "pass", "benefit", "occurred_on"),
    *("stated_units", "stated_amount", "ledger_units", "ledger_amount", "candidates", "facts"),
    *("carried_from", "contested", "deliveries"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchInput:
    """What `match` is given of one member and benefit."""

    lines: Sequence[Line]
    deliveries: Sequence[Delivery]
    history: History


def match_input(rows: Iterable[Record]) -> MatchInput:
    """What the rows of one member and benefit say."""
    lines: list[Line] = []
    deliveries: list[Delivery] = []
    paired: dict[tuple[int, int], list[Record]] = {}
    excepted: list[Line] = []
    disputed: set[RedemptionId] = set()
    corrections: dict[RedemptionId, Paid] = {}
    for row in rows:
        what: str = row["what"]
        if what == "LINE":
            lines.append(_line(row))
        elif what == "DELIVERY":
            deliveries.append(_delivery(row))
        elif what == "PAIR":
            paired.setdefault((row["statement"], row["line_no"]), []).append(row)
        elif what == "EXCEPTED":
            excepted.append(_line(row))
        elif what == "CORRECTION":
            which = RedemptionId(row["customer_id"], row["sequence"])
            corrections[which] = Paid(units=row["units"], amount=row["amount"])
        else:
            disputed |= {RedemptionId(*each) for each in row["candidates"]}
    history = History(
        pairs=[_pair(each) for each in paired.values()],
        excepted=excepted,
        disputed=frozenset(disputed),
        corrections=corrections,
    )
    return MatchInput(lines=lines, deliveries=deliveries, history=history)


def _line(row: Record) -> Line:
    agreed = row["agreed_sequence"]
    return Line(
        statement=row["statement"],
        line_no=row["line_no"],
        reference=row["line_reference"],
        member_no=row["member_no"],
        benefit=row["line_benefit"],
        units=row["line_units"],
        amount=row["line_amount"],
        day=row["occurred_on"],
        known_member=row["known_member"],
        carried_from=row["line_carried_from"],
        agreed_with=RedemptionId(row["agreed_customer"], agreed) if agreed is not None else None,
        referenced=_referenced(row),
    )


def _referenced(row: Record) -> Referenced | None:
    sequence = row["other_sequence"]
    if sequence is None:
        return None
    return Referenced(
        id=RedemptionId(row["other_customer"], sequence),
        member_no=row["other_member_no"],
        benefit=row["other_benefit"],
        status=RedemptionStatus(row["other_status"]),
        delivered=row["other_delivered"],
    )


def _delivery(row: Record) -> Delivery:
    return Delivery(
        id=RedemptionId(row["customer_id"], row["sequence"]),
        reference=row["reference"],
        benefit=row["benefit"],
        units=row["units"],
        amount=row["amount"],
        day=row["delivered_on"],
        reversed=row["reversed"],
        carried_from=row["carried_from"],
        found_before=row["found_before"],
        corrected=row["corrected"],
    )


def _pair(rows: Sequence[Record]) -> Pair:
    """The pair of a line, which has a row for each of its deliveries."""
    parts = sorted(rows, key=lambda row: row["line_part"])
    row = parts[0]
    paid = row["paid_amount"]
    return Pair(
        line=_line(row),
        deliveries=tuple(map(_delivery, parts)),
        found_by=Pass(row["pass"]),
        kind=FindingKind(row["kind"]),
        open=row["open"],
        paid=Paid(units=row["paid_units"], amount=paid) if paid is not None else None,
        delivery_part=row["delivery_part"],
    )


def pair_rows(pair: Pair) -> Iterator[tuple[Any, ...]]:
    """A pair as `matches` has it: a row for each delivery of its line."""
    line = pair.line
    for part, each in enumerate(pair.deliveries):
        yield (
            *(each.id.customer_id, each.id.sequence, line.statement, line.line_no),
            *(pair.found_by.value, pair.kind.value, part, pair.delivery_part),
        )


def finding_row(period: int, found: Found) -> tuple[Any, ...]:
    """A finding as `findings` has it."""
    line, delivery, pair = found.line, found.delivery, found.pair
    about = line or delivery
    if about is None:
        raise AssertionError("a finding is of a line, of a delivery, or of both")
    return (
        period,
        line.statement if line is not None else None,
        line.line_no if line is not None else None,
        delivery.id.customer_id if delivery is not None else None,
        delivery.id.sequence if delivery is not None else None,
        found.kind.value,
        found.found_by.value if found.found_by is not None else None,
        (delivery or about).benefit,
        pair.delivered.day if pair is not None else about.day,
        line.units if line is not None else None,
        line.amount if line is not None else None,
        found.units,
        found.amount,
        [[each.customer_id, each.sequence] for each in found.candidates] or None,
        _facts(found),
        about.carried_from,
        found.contested,
        several(ids(pair.deliveries)) if pair is not None else None,
    )


def several(redemptions: Sequence[RedemptionId]) -> list[tuple[int, ...]] | None:
    """Redemptions as a row names them where they are several; None: one or none, which its columns name."""
    return [astuple(each) for each in redemptions] if len(redemptions) > 1 else None


def _facts(found: Found) -> dict[str, Any] | None:
    """What the reason tells of it: see `ledger.reconciliation.finding_rows`."""
    because = found.because
    if isinstance(because, Repeats):
        place = {"statement": because.line.statement, "line_no": because.line.line_no}
        return {"why": "EXCEPTION", **place} if because.excepted else place
    if isinstance(because, Cancels):
        return {"why": "CANCELS", "statement": because.line.statement, "line_no": because.line.line_no}
    if isinstance(because, Referenced):
        return {
            "why": "OTHER" if because.delivered else "NOT_DELIVERED",
            "status": because.status.value,
            "member_no": because.member_no,
            "benefit": because.benefit,
        }
    if found.kind is FindingKind.NOT_IN_LEDGER and found.line is not None and not found.line.known_member:
        return {"why": "UNKNOWN_MEMBER"}
    return None
