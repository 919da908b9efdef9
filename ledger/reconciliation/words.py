"""Why a finding is what it is, in words for the person who has to decide it.

Pure. A reason says how the line and the delivery came together, what the statement says and what the ledger has, and
what accepting would pay: a clerk should not have to open a second window. Both languages are written side by side, so
that none falls behind.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import assert_never

from base.months import month_text
from base.words import Words, counted
from ledger.posting.entries import RedemptionStatus
from ledger.reconciliation.values import FindingKind, Pass, Side


@dataclass(frozen=True, slots=True, kw_only=True)
class LineName:
    """A line of a statement as the vendor calls it; `paired`: it has a delivery; `excepted`: it is paid without one."""

    statement: str
    line_no: int
    paired: bool = False
    excepted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """What the ledger has under a line's reference, that the line cannot be matched with.

    `reversed_no_show`: what was reversed is a no-show that was told by mistake, not a delivery.
    """

    member_no: str
    benefit: str
    status: RedemptionStatus
    reversed_no_show: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """To whom, and of which benefit, a delivery was."""

    member_no: str
    benefit: str


class RelatedKind(StrEnum):
    """What else there is: a delivery by another vendor, a line paid by exception, a line matched by hand."""

    DELIVERED = "DELIVERED"
    EXCEPTION = "EXCEPTION"
    HAND = "HAND"


@dataclass(frozen=True, slots=True, kw_only=True)
class Related:
    """What else there is of the same member, benefit and day: a delivery, or a line. No vendor is told of it."""

    how: RelatedKind
    vendor: str
    units: int
    statement: str | None = None
    line_no: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What a reason is made of. `stated` or `ledger` None: that side has nothing.

    `ledger` of a delivery that was paid and then reversed has units and amount below zero; of a pair whose delivery
    was reversed, it is what had been delivered. `reference` is the line's, without a line the delivery's;
    `ledger_reference` is what the delivery of a pair bears. `month` is the first day of the period. `delivered` is
    what a pair's delivery was where its line names another member or benefit, as only by hand. `duplicate_of` is
    the line that a duplicate repeats, `named` what the reference of a line without a delivery leads to, where they
    are known. `deliveries` is how many the line has, `other_lines` those that share its delivery, or that a credit line
    takes back. `accepting_pays` is what ACCEPT would pay in CNY; None when nothing waits for a decision.
    """

    kind: FindingKind
    month: date
    pass_: Pass | None = None
    stated: Side | None = None
    ledger: Side | None = None
    member_no: str = ""
    delivered: Delivered | None = None
    reference: str | None = None
    ledger_reference: str | None = None
    unknown_member: bool = False
    duplicate_of: LineName | None = None
    named: Named | None = None
    deliveries: int = 1
    other_lines: tuple[LineName, ...] = ()
    candidates: int = 0
    tolerance_days: int = 0
    carried_from: date | None = None
    accepting_pays: Decimal | None = None
    related: tuple[Related, ...] = ()


def pass_words(pass_: Pass) -> Words:
    """How a line and its delivery came together."""
    match pass_:
        case Pass.REFERENCE:
            return Words("按预约号配对", "matched by reference")
        case Pass.EXACT:
            return Words("按会员、项目、日期、数量配对", "matched by member, benefit, date and units")
        case Pass.GROUP:
            return Words(
                "按会员、项目与日期或预约号成组配对",
                "matched as a group, by member, benefit, and day or reference",
            )
        case Pass.TOLERANCE:
            return Words(
                "按会员、项目、数量配对，日期在容差内",
                "matched by member, benefit and units, the date within the tolerance",
            )
        case Pass.UNITS:
            return Words("按会员、项目、日期配对", "matched by member, benefit and date")
        case Pass.CREDIT:
            return Words("红冲行", "a credit line")
        case Pass.HAND:
            return Words("人工配对", "matched by hand")
        case _:
            assert_never(pass_)


def _status_words(status: RedemptionStatus) -> Words:
    match status:
        case RedemptionStatus.HELD:
            return Words("仍是预约，尚未核销", "still held and not delivered")
        case RedemptionStatus.REDEEMED:
            return Words("已核销", "delivered")
        case RedemptionStatus.RELEASED:
            return Words("预约已取消，没有核销", "released and not delivered")
        case RedemptionStatus.EXPIRED:
            return Words("预约已过期，没有核销", "expired and not delivered")
        case RedemptionStatus.NO_SHOW:
            return Words("客户未到，没有核销", "not delivered as the customer did not come")
        case RedemptionStatus.REVERSED:
            return Words("核销后已冲正", "delivered and reversed")
        case _:
            assert_never(status)


_NO_SHOW_REVERSED = Words(
    "曾记为客户未到，后已冲正，没有核销", "not delivered: told as a no-show, which was reversed"
)


def reason(case: Case) -> Words:
    """The finding explained, in one to a few sentences."""
    said = [
        *_carried(case),
        *_why(case),
        *_together(case),
        *_of_another(case),
        *map(_related, case.related),
        *_accepting(case),
    ]
    return Words("".join(words.zh for words in said), " ".join(words.en for words in said))


def _why(case: Case) -> Iterator[Words]:
    match case.kind:
        case FindingKind.MATCHED:
            return _matched(case)
        case FindingKind.UNITS_DIFFER | FindingKind.AMOUNT_DIFFERS | FindingKind.DATE_DIFFERS:
            return _differing(case)
        case FindingKind.REVERSED:
            return _reversed(case)
        case FindingKind.DUPLICATE_LINE:
            return _duplicate(case)
        case FindingKind.NOT_IN_LEDGER:
            return _not_in_ledger(case)
        case FindingKind.NOT_IN_STATEMENT:
            return _not_in_statement(case)
        case FindingKind.AMBIGUOUS:
            return _ambiguous(case)
        case FindingKind.OUTSIDE_PERIOD:
            return _outside_period(case)
        case _:
            assert_never(case.kind)


def _carried(case: Case) -> Iterator[Words]:
    if case.carried_from is not None:
        month = month_text(case.carried_from)
        yield Words(f"{month} 账期争议结转。", f"Disputed in {month} and carried forward.")


def _together(case: Case) -> Iterator[Words]:
    """That one line has several deliveries, or several lines share one."""
    if case.pass_ is Pass.CREDIT or case.stated is None:
        return
    if case.deliveries > 1:
        yield Words(
            f"该行对应台账的 {case.deliveries} 笔服务，以其合计比较。",
            f"The line is for {case.deliveries} deliveries of the ledger, and is compared with their sum.",
        )
    if case.other_lines:
        lines = _lines(case.other_lines)
        yield Words(
            f"该行与{lines.zh}同属台账的一笔服务，各行合计与之相符。",
            f"The line and {lines.en} are for one delivery of the ledger; together they add up to it.",
        )


def _lines(lines: Sequence[LineName]) -> Words:
    named = [
        Words(
            f"对账单「{each.statement}」第 {each.line_no} 行",
            f"line {each.line_no} of statement {each.statement}",
        )
        for each in lines
    ]
    return Words("、".join(each.zh for each in named), ", ".join(each.en for each in named))


def _of_another(case: Case) -> Iterator[Words]:
    if case.delivered is not None:
        member_no, benefit = case.delivered.member_no, case.delivered.benefit
        yield Words(
            f"注意：该笔服务是会员「{member_no}」的 {benefit}，与该行不同；付款记在所提供的项目下。",
            f"Mind that the delivery is of {benefit} to member {member_no}, not what the line says; what is paid "
            "counts for what was delivered.",
        )


def _related(other: Related) -> Words:
    line_zh = f"对账单「{other.statement}」第 {other.line_no} 行"
    line_en = f"line {other.line_no} of statement {other.statement}"
    match other.how:
        case RelatedKind.DELIVERED:
            return Words(
                f"注意：同日「{other.vendor}」也为该会员提供了此项目（数量 {other.units}）。",
                f"Mind that {other.vendor} delivered this benefit to the member on the same day "
                f"({_counted(other.units, 'unit')}).",
            )
        case RelatedKind.EXCEPTION:
            return Words(
                f"注意：「{other.vendor}」{line_zh}（同会员、同项目、同日，数量 {other.units}）已破例付款。",
                f"Mind that {line_en} of {other.vendor} is paid by exception, for the same member, benefit and day "
                f"({_counted(other.units, 'unit')}).",
            )
        case RelatedKind.HAND:
            return Words(
                f"注意：「{other.vendor}」{line_zh}（数量 {other.units}）已人工配对该会员同项目、同日的服务。",
                f"Mind that {line_en} of {other.vendor} ({_counted(other.units, 'unit')}) is matched by hand with a "
                "delivery to the same member, of the same benefit and day.",
            )
        case _:
            assert_never(other.how)


def _accepting(case: Case) -> Iterator[Words]:
    pays = case.accepting_pays
    if pays is None:
        return
    if pays < 0:
        yield Words(
            f"接受（ACCEPT）则本期扣回 {_yuan(-pays)}。", f"ACCEPT takes {_cny(-pays)} back in this period."
        )
    elif pays:
        yield Words(f"接受（ACCEPT）则支付 {_yuan(pays)}。", f"ACCEPT pays {_cny(pays)}.")
    else:
        yield Words("接受（ACCEPT）则不支付。", "ACCEPT pays nothing.")


def _contradicting(case: Case) -> Iterator[Words]:
    """What a pair whose references contradict each other is told as."""
    if case.ledger_reference and case.reference and case.ledger_reference != case.reference:
        yield Words(
            f"预约号：对账单「{case.reference}」，台账「{case.ledger_reference}」",
            f"reference: {case.reference} stated, {case.ledger_reference} in the ledger",
        )


def _credited(case: Case) -> Iterator[Words]:
    """A credit line, what it takes back, and the line that it cancels."""
    stated, lines = _stated(case), _lines(case.other_lines)
    if case.ledger is not None:
        back = abs(stated.amount or Decimal())
        yield Words(
            f"红冲行：冲回{lines.zh or '台账'}已付的款项，本期扣回 {_yuan(back)}。",
            f"A credit line: it takes back what was paid for {lines.en or 'the delivery'}; {_cny(back)} is taken back "
            "in this period.",
        )
    elif stated.units < 0:
        yield Words(
            f"红冲行：与{lines.zh}相抵，两行均不付款。",
            f"A credit line: it and {lines.en} cancel each other, and neither is paid.",
        )
    else:
        yield Words(
            f"红冲行（{lines.zh}）已将该行冲回：两行相抵，均不付款。",
            f"A credit line, {lines.en}, takes it back: they cancel each other, and neither is paid.",
        )


def _matched(case: Case) -> Iterator[Words]:
    if case.pass_ is Pass.CREDIT:
        yield from _credited(case)
        return
    how = _how(case)
    contradiction = next(_contradicting(case), None)
    if contradiction is not None:
        yield Words(
            f"{how.zh}；数量、金额、日期一致，但预约号不一致——{contradiction.zh}。",
            f"{_capital(how.en)}; units, amount and date agree, but the references contradict each other: "
            f"{contradiction.en}.",
        )
    elif case.delivered is None:
        yield Words(f"{how.zh}，与台账一致。", f"{_capital(how.en)}; it agrees with the ledger.")
    else:
        yield Words(f"{how.zh}；数量、金额、日期一致。", f"{_capital(how.en)}; units, amount and date agree.")


def _differing(case: Case) -> Iterator[Words]:
    """A pair that differs: each difference with both sides."""
    stated, ledger = _both(case)
    how = _how(case)
    told = [*_differences(stated, ledger), *_contradicting(case)]
    yield Words(
        f"{how.zh}；" + "；".join(each.zh for each in told) + "。",
        f"{_capital(how.en)}; " + "; ".join(each.en for each in told) + ".",
    )


def _differences(stated: Side, ledger: Side) -> Iterator[Words]:
    if stated.units != ledger.units:
        more = f"{stated.units - ledger.units:+}"
        yield Words(
            f"数量：对账单 {stated.units}，台账 {ledger.units}（{more}）",
            f"units: {stated.units} stated, {ledger.units} in the ledger ({more})",
        )
    if ledger.amount is None:
        yield Words(
            f"金额：对账单 {_yuan(stated.amount)}，台账在 {ledger.day} 没有合同价",
            f"amount: {_cny(stated.amount)} stated, and no contract price in force on {ledger.day}",
        )
    elif stated.amount != ledger.amount:
        more = f"{(stated.amount or 0) - ledger.amount:+.2f}"
        yield Words(
            f"金额：对账单 {_yuan(stated.amount)}，台账 {_yuan(ledger.amount)}（{more}）",
            f"amount: {_cny(stated.amount)} stated, {_cny(ledger.amount)} in the ledger ({more})",
        )
    if stated.day != ledger.day:
        days = (stated.day - ledger.day).days
        yield Words(
            f"日期：对账单 {stated.day}，台账 {ledger.day}（{'晚' if days > 0 else '早'} {abs(days)} 天）",
            f"date: {stated.day} stated, {ledger.day} in the ledger "
            f"({_counted(abs(days), 'day')} {'later' if days > 0 else 'earlier'})",
        )


def _reversed(case: Case) -> Iterator[Words]:
    ledger = _ledger(case)
    if case.stated is None:
        units, amount = abs(ledger.units), abs(ledger.amount or Decimal())
        yield Words(
            f"{ledger.day} 的服务（数量 {units}，{_yuan(amount)}）已支付，之后被冲正。",
            f"The delivery of {ledger.day} ({_counted(units, 'unit')}, {_cny(amount)}) was paid, and reversed since.",
        )
        return
    how = _how(case)
    yield Words(
        f"{how.zh}，但 {ledger.day} 的该笔服务已冲正，台账计 0；"
        f"对账单数量 {case.stated.units}，金额 {_yuan(case.stated.amount)}。",
        f"{_capital(how.en)}, but the delivery of {ledger.day} was reversed, so the ledger counts 0; "
        f"{_counted(case.stated.units, 'unit')} and {_cny(case.stated.amount)} are stated.",
    )
    told = list(_differences(case.stated, ledger))
    if told:
        yield Words(
            "冲正之前也不一致：" + "；".join(each.zh for each in told) + "。",
            "They differed before the reversal too: " + "; ".join(each.en for each in told) + ".",
        )


def _duplicate(case: Case) -> Iterator[Words]:
    other = case.duplicate_of
    if other is None:
        yield Words("与另一行重复。", "It repeats another line.")
    elif other.paired:
        yield Words(
            f"与对账单「{other.statement}」第 {other.line_no} 行重复：该笔服务已与那一行配对，只付一次。",
            f"It repeats line {other.line_no} of statement {other.statement}: the delivery is matched with that line, "
            "and is paid once.",
        )
    elif other.excepted:
        yield Words(
            f"与对账单「{other.statement}」第 {other.line_no} 行相同：那一行在台账没有服务时已破例付款，只付一次；"
            "如指另一次服务，请人工配对（MATCH）。",
            f"It says the same as line {other.line_no} of statement {other.statement}, which is paid by exception, "
            "without a delivery, and is paid once. If a delivery of its own is meant, MATCH it by hand.",
        )
    else:
        yield Words(
            f"与对账单「{other.statement}」第 {other.line_no} 行内容相同；台账没有相应的服务。",
            f"It says the same as line {other.line_no} of statement {other.statement}; the ledger has no delivery for "
            "either.",
        )


def _not_in_ledger(case: Case) -> Iterator[Words]:
    stated = _stated(case)
    if stated.units < 0:
        yield Words(
            f"红冲行（数量 {stated.units}，金额 {_yuan(stated.amount)}）：没有可供其冲回的已付款项；"
            "如确应扣回，请在 ACCEPT 中以 pay 写明（负数）。",
            f"A credit line ({_counted(stated.units, 'unit')}, {_cny(stated.amount)}): nothing was paid that it could "
            "take back. If it is to be taken back all the same, ACCEPT with that amount, below zero, as pay.",
        )
        return
    if case.unknown_member:
        yield Words(
            f"台账没有会员号为「{case.member_no}」的客户；对账单数量 {stated.units}，金额 {_yuan(stated.amount)}。",
            f"Nobody has the member number {case.member_no}; {_counted(stated.units, 'unit')} and "
            f"{_cny(stated.amount)} are stated.",
        )
        return
    days = case.tolerance_days
    yield Words(
        f"台账没有会员「{case.member_no}」在 {stated.day} 前后 {days} 天内、由该服务商提供此项目且尚未配对的服务"
        f"；对账单数量 {stated.units}，金额 {_yuan(stated.amount)}。",
        "The ledger has no delivery of this benefit by this vendor to member "
        f"{case.member_no} within {_counted(days, 'day')} of {stated.day} that is not matched already; "
        f"{_counted(stated.units, 'unit')} and {_cny(stated.amount)} are stated.",
    )
    named = case.named
    if named is None:
        return
    status = _NO_SHOW_REVERSED if named.reversed_no_show else _status_words(named.status)
    yield Words(
        f"预约号「{case.reference}」在台账中属于会员「{named.member_no}」的 {named.benefit}，{status.zh}。",
        f"Under the reference {case.reference} the ledger has {named.benefit} for member {named.member_no}, "
        f"{status.en}.",
    )


def _not_in_statement(case: Case) -> Iterator[Words]:
    ledger, reference = _ledger(case), case.reference
    priced = ledger.amount is not None
    zh = f"金额 {_yuan(ledger.amount)}" if priced else "当日没有合同价"
    en = _cny(ledger.amount) if priced else "with no contract price in force that day"
    yield Words(
        f"台账有 {ledger.day} 的服务（"
        + (f"预约号「{reference}」，" if reference else "")
        + f"数量 {ledger.units}，{zh}），本期对账单没有对应的行。",
        f"The ledger has a delivery of {ledger.day} ("
        + (f"reference {reference}, " if reference else "")
        + f"{_counted(ledger.units, 'unit')}, {en}) that no line of the period's statements speaks of.",
    )
    if ledger.day < case.month:
        yield Words("它发生在较早的账期，属补报。", "It happened in an earlier month and comes late.")


def _ambiguous(case: Case) -> Iterator[Words]:
    yield Words(
        f"有 {case.candidates} 笔未配对的服务同样符合，无从区分；请从候选中选一笔人工配对（MATCH）。",
        f"{_counted(case.candidates, 'delivery', 'deliveries')} fit equally well and nothing tells them apart: choose "
        "one among the candidates and MATCH it by hand.",
    )


def _outside_period(case: Case) -> Iterator[Words]:
    stated = _stated(case)
    month, own = month_text(case.month), month_text(stated.day)
    yield Words(
        f"服务日期 {stated.day} 在 {month} 账期之后，本期不予配对，未经处理不支付；{own} 的对账单仍可列入。",
        f"The line's day, {stated.day}, lies after the month {month}: it is matched with nothing here, and not paid "
        f"without a decision. The statement of {own} can still claim it.",
    )


def _how(case: Case) -> Words:
    return pass_words(case.pass_) if case.pass_ is not None else Words("已配对", "matched")


def _both(case: Case) -> tuple[Side, Side]:
    return _stated(case), _ledger(case)


def _stated(case: Case) -> Side:
    if case.stated is None:
        raise ValueError(f"a finding of kind {case.kind} speaks of a line, and this has none")
    return case.stated


def _ledger(case: Case) -> Side:
    if case.ledger is None:
        raise ValueError(f"a finding of kind {case.kind} speaks of a delivery, and this has none")
    return case.ledger


def _yuan(amount: Decimal | None) -> str:
    return f"{amount or Decimal():,.2f} 元"


def _cny(amount: Decimal | None) -> str:
    return f"CNY {amount or Decimal():,.2f}"


def _counted(number: int, one: str, many: str = "") -> str:
    return counted(number, one, many, form=",")


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]
