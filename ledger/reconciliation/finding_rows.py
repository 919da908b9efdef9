"""Conversions from rows of a findings page to the values shown."""

from dataclasses import replace
from datetime import date

from asyncpg import Record

from ledger.ids import RedemptionId
from ledger.posting.entries import RedemptionStatus
from ledger.posting.redemptions import RedemptionView
from ledger.reconciliation.grounds import LineName, Named
from ledger.reconciliation.values import (
    Action,
    FindingId,
    FindingKind,
    LedgerFindingId,
    LineFindingId,
    Pass,
    StatementLine,
)
from ledger.reconciliation.views import DecisionView, FindingView, ReplyView


def decision_of(row: Record) -> DecisionView:
    """A decision, from a row of a finding's history."""
    return DecisionView(
        action=Action(row["action"]),
        kind=FindingKind(row["kind"]),
        redemptions=_named(row["matched"], row["matched_customer"], row["matched_sequence"]),
        payable=row["payable"],
        note=row["note"],
        by=row["decided_by"],
        at=row["decided_at"],
    )


def reply_of(row: Record) -> ReplyView:
    """A reply, from its row."""
    return ReplyView(
        message=row["message"], evidence=tuple(row["evidence"]), by=row["replied_by"], at=row["replied_at"]
    )


def view_of(
    row: Record, deliveries: dict[RedemptionId, RedemptionView], history: tuple[DecisionView, ...]
) -> FindingView:
    """A finding, from a row of a page, with its deliveries and decisions."""
    facts = row["facts"] or {}
    kind = FindingKind(row["kind"])
    payable = row["payable"]
    if row["action"] is None and not row["waits"]:
        payable = row["amount"]
    found = FindingView(
        id=id_of(row),
        vendor=row["vendor"],
        month=row["month"],
        kind=kind,
        pass_=Pass(row["pass"]) if row["pass"] is not None else None,
        benefit=row["benefit"],
        occurred_on=row["occurred_on"],
        statement=row["statement"],
        statement_number=row["number"],
        line=_line(row),
        unknown_member=facts.get("why") == "UNKNOWN_MEMBER",
        redemptions=tuple(deliveries[each] for each in deliveries_of(row) if each in deliveries),
        ledger_units=row["ledger_units"],
        ledger_amount=row["ledger_amount"],
        delivered_units=row["ledger_units"],
        delivered_amount=row["ledger_amount"],
        candidates=tuple(deliveries[each] for each in candidates_of(row) if each in deliveries),
        duplicate_of=_duplicate_of(row),
        other_lines=_other_lines(row),
        named=_of_reference(row),
        tolerance_days=row["date_tolerance_days"],
        carried_from=row["carried_from"],
        action=Action(row["action"]) if row["action"] is not None else None,
        payable=payable,
        waits=row["waits"],
        history=history,
    )
    if row["delivered_units"] is not None:  # reversed since: the ledger counts zero, but this was delivered
        return replace(
            found, delivered_units=row["delivered_units"], delivered_amount=row["delivered_amount"]
        )
    return found


def _line(row: Record) -> StatementLine | None:
    if row["line_no"] is None:
        return None
    stated_on: date = row["stated_on"]
    return StatementLine(
        line_no=row["line_no"],
        reference=row["reference"],
        member_no=row["member_no"],
        benefit=row["benefit"],
        units=row["units"],
        occurred_on=stated_on,
        amount=row["amount"],
    )


def _duplicate_of(row: Record) -> LineName | None:
    facts = row["facts"] or {}
    if "line_no" not in facts or facts.get("why") == "CANCELS" or row["other_number"] is None:
        return None
    return LineName(
        statement=row["other_number"],
        line_no=facts["line_no"],
        paired=bool(row["candidates"]),
        excepted=facts.get("why") == "EXCEPTION",
    )


def _other_lines(row: Record) -> tuple[LineName, ...]:
    """The lines that share its delivery, or that a credit line takes back, or the credit line that takes it back."""
    facts = row["facts"] or {}
    if facts.get("why") == "CANCELS":
        return (LineName(statement=row["other_number"], line_no=facts["line_no"], key=facts["statement"]),)
    return tuple(
        LineName(statement=number, line_no=line_no, key=key)
        for key, number, line_no in row["other_lines"] or ()
    )


def _of_reference(row: Record) -> Named | None:
    facts = row["facts"] or {}
    if "status" not in facts:
        return None
    status = RedemptionStatus(facts["status"])
    return Named(
        member_no=facts["member_no"],
        benefit=facts["benefit"],
        status=status,
        reversed_no_show=status is RedemptionStatus.REVERSED and facts["why"] == "NOT_DELIVERED",
    )


def id_of(row: Record) -> FindingId:
    """The finding's id, from a row of a page."""
    return id_in(row, row["period"])


def id_in(row: Record, period: int) -> FindingId:
    """The id of the finding of a row: of its line if it has one, else of its delivery."""
    if row["line_no"] is not None:
        return LineFindingId(period=period, statement=row["statement"], line_no=row["line_no"])
    return LedgerFindingId(period=period, customer_id=row["customer_id"], sequence=row["sequence"])


def deliveries_of(row: Record) -> tuple[RedemptionId, ...]:
    """The finding's deliveries: of its line, or the one that no line speaks of."""
    return _named(row["deliveries"], row["customer_id"], row["sequence"])


def _named(
    several: list[tuple[int, int]] | None, customer_id: int | None, sequence: int | None
) -> tuple[RedemptionId, ...]:
    """The redemptions that a row names: the only one by its columns, several in a list."""
    if several is not None:
        return tuple(RedemptionId(*each) for each in several)
    if customer_id is None or sequence is None:
        return ()
    return (RedemptionId(customer_id, sequence),)


def candidates_of(row: Record) -> tuple[RedemptionId, ...]:
    """The deliveries that its line might be matched with."""
    return tuple(RedemptionId(customer_id, sequence) for customer_id, sequence in row["candidates"] or ())
