"""The columns of a table of findings.

First those that are printed: what is stated, what the ledger has, the reason, and what was decided by whom. Then those
to work with in the file: the suggestion, the columns to fill, and the ids. A vendor's file is without what is the
staff's alone: notes, names and suggestions (see `schema.permissions`).
"""

from dataclasses import dataclass

from app.exports.columns import Cell, Column, Named
from app.exports.telling import Telling
from base.months import month_text
from handbook import business_day
from ledger.reconciliation.actions import action_words
from ledger.reconciliation.kinds import kind_words
from ledger.reconciliation.phrases import pass_words
from ledger.reconciliation.reading import FindingView
from ledger.reconciliation.suggesting import suggestion


@dataclass(frozen=True, slots=True, kw_only=True)
class ToFill:
    """A column that stays empty for a person to fill."""

    name: str
    title: str
    width: int


DECIDE = ToFill(name="decide", title="决定", width=10)
PAY = ToFill(name="decide_pay", title="决定付款", width=12)
MATCH = ToFill(name="decide_match", title="配对核销", width=18)
NOTE = ToFill(name="decide_note", title="决定理由", width=30)
DECIDED = (DECIDE, PAY, MATCH, NOTE)


def finding_columns(telling: Telling) -> tuple[Column[FindingView], ...]:
    """All columns: those that are printed come first."""
    return (
        *_both_sides(telling),
        *_outcome(telling),
        *(() if telling.to_vendor else (*_decided_by(), *deciding_columns(telling))),
        *_further(telling),
    )


def _both_sides(telling: Telling) -> tuple[Column[FindingView], ...]:
    """The line, what is stated in it, and what the ledger has."""
    return (
        Column(
            name="statement", title="对账单号", cell=lambda row: row.statement_number, width=14, wraps=True
        ),
        Column(
            name="line_no", title="行号", cell=lambda row: row.line.line_no if row.line else None, width=7
        ),
        Column(
            name="kind",
            title="类别",
            cell=lambda row: telling.named(row.kind, kind_words(row.kind).name),
            width=11,
            wraps=True,
        ),
        Column(name="member_no", title="会员号", cell=_member_no, width=11, wraps=True),
        Column(
            name="benefit_name",
            title="服务项目",
            cell=lambda row: telling.benefit(row.benefit),
            width=22,
            wraps=True,
        ),
        Column(name="reference", title="预约号", cell=_reference, width=17, wraps=True),
        Column(
            name="stated_on",
            title="对账单日期",
            cell=lambda row: row.line.occurred_on if row.line else None,
            width=12,
        ),
        Column(name="stated_units", title="对账单数量", cell=lambda row: row.stated_units, width=8),
        Column(name="stated_amount", title="对账单金额", cell=lambda row: row.stated_amount, width=12),
        Column(name="ledger_on", title="台账日期", cell=_ledger_day, width=12),
        Column(name="ledger_units", title="台账数量", cell=lambda row: row.ledger_units, width=8),
        Column(name="ledger_amount", title="台账金额", cell=lambda row: row.ledger_amount, width=12),
        Column(name="amount_difference", title="金额差", cell=lambda row: row.amount_difference, width=12),
    )


def _outcome(telling: Telling) -> tuple[Column[FindingView], ...]:
    """The reason, the decision, and what it pays."""
    return (
        Column(
            name="reason",
            title="说明",
            cell=lambda row: row.reason(telling.language, to_vendor=telling.to_vendor),
            width=46,
            wraps=True,
        ),
        Column(name="action", title="处理", cell=lambda row: _action(row, telling), width=8),
        Column(name="payable", title="应付金额", cell=lambda row: row.payable, width=12),
    )


def _replies(row: FindingView) -> Cell:
    """What the vendor replied, one reply a line, with the day and the evidence."""
    said = [
        f"{business_day(each.at)} {each.message}"
        + (f" [{', '.join(each.evidence)}]" if each.evidence else "")
        for each in row.replies
    ]
    return "\n".join(said) or None


def _decided_by() -> tuple[Column[FindingView], ...]:
    """Why it was decided so, and by whom: for the staff alone."""
    return (
        Column(
            name="note",
            title="处理说明",
            cell=lambda row: row.resolution.note if row.resolution else None,
            width=22,
            wraps=True,
        ),
        Column(
            name="decided_by",
            title="处理人",
            cell=lambda row: row.resolution.by if row.resolution else None,
            width=12,
            wraps=True,
        ),
    )


def deciding_columns(telling: Telling) -> tuple[Column[FindingView], ...]:
    """What is suggested, and the columns that a person fills: `app.decided` reads them."""

    def suggested(row: FindingView) -> Cell:
        found = suggestion(row)
        if found is None:
            return None
        name, why = action_words(found.action).name, found.words
        return telling.say(f"{name.zh}：{why.zh}", f"{name.en}: {why.en}")

    return (
        Column(name="suggestion", title="建议", cell=suggested, width=36, printed=False),
        *(
            Column(name=each.name, title=each.title, cell=lambda _row: None, width=each.width, printed=False)
            for each in DECIDED
        ),
    )


def _further(telling: Telling) -> tuple[Column[FindingView], ...]:
    """What a person looks up, and ids."""
    return (
        Column(name="candidates", title="候选核销编号", cell=_candidates, width=24, printed=False),
        Column(
            name="units_difference",
            title="数量差",
            cell=lambda row: row.units_difference,
            width=10,
            printed=False,
        ),
        Column(
            name="differences",
            title="全部差异",
            cell=lambda row: _differences(row, telling),
            width=24,
            printed=False,
        ),
        Column(
            name="pass",
            title="配对方式",
            cell=lambda row: telling.named(row.pass_, pass_words(row.pass_)) if row.pass_ else None,
            width=24,
            printed=False,
        ),
        Column(name="replies", title="服务商回复", cell=_replies, width=36, wraps=True, printed=False),
        Column(name="carried_from", title="结转自", cell=_carried_from, width=10, printed=False),
        Column(
            name="decided_at",
            title="处理时间",
            cell=lambda row: row.resolution.at if row.resolution else None,
            width=20,
            printed=False,
        ),
        Column(name="benefit", title="服务项目代码", cell=lambda row: row.benefit, width=20, printed=False),
        Column(name="redemption", title="核销编号", cell=_redemption, width=24, printed=False),
        Column(name="finding", title="核对结果编号", cell=lambda row: row.id.opaque, width=28, printed=False),
    )


def _member_no(row: FindingView) -> Cell:
    if row.line is not None:
        return row.line.member_no
    return row.redemption.member_no if row.redemption is not None else None


def _reference(row: FindingView) -> Cell:
    if row.line is not None:
        return row.line.reference
    return row.redemption.reference if row.redemption is not None else None


def _ledger_day(row: FindingView) -> Cell:
    return row.occurred_on if row.redemptions else None


def _action(row: FindingView, telling: Telling) -> Cell:
    return telling.named(row.action, action_words(row.action).name) if row.action is not None else None


def _differences(row: FindingView, telling: Telling) -> Cell:
    names = [kind_words(each).name.spoken(telling.language) for each in row.differences]
    return Named(", ".join(row.differences), telling.say("、", "; ").join(names))


def _candidates(row: FindingView) -> Cell:
    return ", ".join(each.name for each in row.candidates)


def _carried_from(row: FindingView) -> Cell:
    return month_text(row.carried_from) if row.carried_from is not None else None


def _redemption(row: FindingView) -> Cell:
    return ", ".join(each.id.opaque for each in row.redemptions) or None
