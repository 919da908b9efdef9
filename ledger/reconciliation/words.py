"""Why a finding is what it is, in words for the person who has to decide it.

Pure. A reason says how the line and the delivery came together, what the statement says and what the ledger has, and
what accepting would pay: a clerk should not have to open a second window. Both languages are written side by side, so
that none falls behind.
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import assert_never

from base.months import month_text
from base.words import Words
from ledger.reconciliation.grounds import Grounds
from ledger.reconciliation.phrases import (
    NO_SHOW_REVERSED,
    capital,
    cny,
    difference_words,
    how_many,
    line_words,
    pass_words,
    related_words,
    status_words,
    yuan,
)
from ledger.reconciliation.values import FindingKind, Pass, Side


def reason(grounds: Grounds) -> Words:
    """The finding explained, in one to a few sentences."""
    said = [
        *_carried(grounds),
        *_why(grounds),
        *_together(grounds),
        *_of_another(grounds),
        *map(related_words, grounds.related),
        *_accepting(grounds),
    ]
    return Words("".join(words.zh for words in said), " ".join(words.en for words in said))


def _why(grounds: Grounds) -> Iterator[Words]:
    match grounds.kind:
        case FindingKind.MATCHED:
            return _matched(grounds)
        case FindingKind.UNITS_DIFFER | FindingKind.AMOUNT_DIFFERS | FindingKind.DATE_DIFFERS:
            return _differing(grounds)
        case FindingKind.REVERSED:
            return _reversed(grounds)
        case FindingKind.DUPLICATE_LINE:
            return _duplicate(grounds)
        case FindingKind.NOT_IN_LEDGER:
            return _not_in_ledger(grounds)
        case FindingKind.NOT_IN_STATEMENT:
            return _not_in_statement(grounds)
        case FindingKind.AMBIGUOUS:
            return _ambiguous(grounds)
        case FindingKind.OUTSIDE_PERIOD:
            return _outside_period(grounds)
        case _:
            assert_never(grounds.kind)


def _carried(grounds: Grounds) -> Iterator[Words]:
    if grounds.carried_from is not None:
        month = month_text(grounds.carried_from)
        yield Words(f"{month} 账期争议结转。", f"Disputed in {month} and carried forward.")


def _together(grounds: Grounds) -> Iterator[Words]:
    """That one line has several deliveries, or several lines share one."""
    if grounds.pass_ is Pass.CREDIT or grounds.stated is None:
        return
    if grounds.deliveries > 1:
        yield Words(
            f"该行对应台账的 {grounds.deliveries} 笔服务，以其合计比较。",
            f"The line is for {grounds.deliveries} deliveries of the ledger, and is compared with their sum.",
        )
    if grounds.other_lines:
        lines = line_words(grounds.other_lines)
        yield Words(
            f"该行与{lines.zh}同属台账的一笔服务，各行合计与之相符。",
            f"The line and {lines.en} are for one delivery of the ledger; together they add up to it.",
        )


def _of_another(grounds: Grounds) -> Iterator[Words]:
    if grounds.delivered is not None:
        member_no, benefit = grounds.delivered.member_no, grounds.delivered.benefit
        yield Words(
            f"注意：该笔服务是会员「{member_no}」的 {benefit}，与该行不同；付款记在所提供的项目下。",
            f"Mind that the delivery is of {benefit} to member {member_no}, not what the line says; what is paid "
            "counts for what was delivered.",
        )


def _accepting(grounds: Grounds) -> Iterator[Words]:
    pays = grounds.accepting_pays
    if pays is None:
        return
    if pays < 0:
        yield Words(f"接受则本期扣回 {yuan(-pays)}。", f"ACCEPT takes {cny(-pays)} back in this period.")
    elif pays:
        yield Words(f"接受则支付 {yuan(pays)}。", f"ACCEPT pays {cny(pays)}.")
    else:
        yield Words("接受则不支付。", "ACCEPT pays nothing.")


def _contradicting(grounds: Grounds) -> Iterator[Words]:
    """What a pair whose references contradict each other is told as."""
    if grounds.ledger_reference and grounds.reference and grounds.ledger_reference != grounds.reference:
        yield Words(
            f"预约号：对账单「{grounds.reference}」，台账「{grounds.ledger_reference}」",
            f"reference: {grounds.reference} stated, {grounds.ledger_reference} in the ledger",
        )


def _credited(grounds: Grounds) -> Iterator[Words]:
    """A credit line, what it takes back, and the line that it cancels."""
    stated, lines = _stated(grounds), line_words(grounds.other_lines)
    if grounds.ledger is not None:
        back = abs(stated.amount or Decimal())
        yield Words(
            f"红冲行：冲回{lines.zh or '台账'}已付的款项，本期扣回 {yuan(back)}。",
            f"A credit line: it takes back what was paid for {lines.en or 'the delivery'}; {cny(back)} is taken back "
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


def _matched(grounds: Grounds) -> Iterator[Words]:
    if grounds.pass_ is Pass.CREDIT:
        yield from _credited(grounds)
        return
    how = _how(grounds)
    contradiction = next(_contradicting(grounds), None)
    if contradiction is not None:
        yield Words(
            f"{how.zh}；数量、金额、日期一致，但预约号不一致——{contradiction.zh}。",
            f"{capital(how.en)}; units, amount and date agree, but the references contradict each other: "
            f"{contradiction.en}.",
        )
    elif grounds.delivered is None:
        yield Words(f"{how.zh}，与台账一致。", f"{capital(how.en)}; it agrees with the ledger.")
    else:
        yield Words(f"{how.zh}；数量、金额、日期一致。", f"{capital(how.en)}; units, amount and date agree.")


def _differing(grounds: Grounds) -> Iterator[Words]:
    """A pair that differs: each difference with both sides."""
    stated, ledger = _both(grounds)
    how = _how(grounds)
    told = [*difference_words(stated, ledger), *_contradicting(grounds)]
    yield Words(
        f"{how.zh}；" + "；".join(each.zh for each in told) + "。",
        f"{capital(how.en)}; " + "; ".join(each.en for each in told) + ".",
    )


def _reversed(grounds: Grounds) -> Iterator[Words]:
    ledger = _ledger(grounds)
    if grounds.stated is None:
        units, amount = abs(ledger.units), abs(ledger.amount or Decimal())
        yield Words(
            f"{ledger.day} 的服务（数量 {units}，{yuan(amount)}）已支付，之后被冲正。",
            f"The delivery of {ledger.day} ({how_many(units, 'unit')}, {cny(amount)}) was paid, and reversed since.",
        )
        return
    how = _how(grounds)
    yield Words(
        f"{how.zh}，但 {ledger.day} 的该笔服务已冲正，台账计 0；"
        f"对账单数量 {grounds.stated.units}，金额 {yuan(grounds.stated.amount)}。",
        f"{capital(how.en)}, but the delivery of {ledger.day} was reversed, so the ledger counts 0; "
        f"{how_many(grounds.stated.units, 'unit')} and {cny(grounds.stated.amount)} are stated.",
    )
    told = list(difference_words(grounds.stated, ledger))
    if told:
        yield Words(
            "冲正之前也不一致：" + "；".join(each.zh for each in told) + "。",
            "They differed before the reversal too: " + "; ".join(each.en for each in told) + ".",
        )


def _duplicate(grounds: Grounds) -> Iterator[Words]:
    other = grounds.duplicate_of
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
            "如指另一次服务，请人工配对。",
            f"It says the same as line {other.line_no} of statement {other.statement}, which is paid by exception, "
            "without a delivery, and is paid once. If a delivery of its own is meant, MATCH it by hand.",
        )
    else:
        yield Words(
            f"与对账单「{other.statement}」第 {other.line_no} 行内容相同；台账没有相应的服务。",
            f"It says the same as line {other.line_no} of statement {other.statement}; the ledger has no delivery for "
            "either.",
        )


def _not_in_ledger(grounds: Grounds) -> Iterator[Words]:
    stated = _stated(grounds)
    if stated.units < 0:
        yield Words(
            f"红冲行（数量 {stated.units}，金额 {yuan(stated.amount)}）：没有可供其冲回的已付款项；"
            "如确应扣回，请接受并写明扣回的金额（负数）。",
            f"A credit line ({how_many(stated.units, 'unit')}, {cny(stated.amount)}): nothing was paid that it could "
            "take back. If it is to be taken back all the same, ACCEPT with that amount, below zero, as pay.",
        )
        return
    if grounds.unknown_member:
        yield Words(
            f"台账没有会员号为「{grounds.member_no}」的客户；对账单数量 {stated.units}，金额 {yuan(stated.amount)}。",
            f"Nobody has the member number {grounds.member_no}; {how_many(stated.units, 'unit')} and "
            f"{cny(stated.amount)} are stated.",
        )
        return
    days = grounds.tolerance_days
    yield Words(
        f"台账没有会员「{grounds.member_no}」在 {stated.day} 前后 {days} 天内、由该服务商提供此项目且尚未配对的服务"
        f"；对账单数量 {stated.units}，金额 {yuan(stated.amount)}。",
        "The ledger has no delivery of this benefit by this vendor to member "
        f"{grounds.member_no} within {how_many(days, 'day')} of {stated.day} that is not matched already; "
        f"{how_many(stated.units, 'unit')} and {cny(stated.amount)} are stated.",
    )
    named = grounds.named
    if named is None:
        return
    status = NO_SHOW_REVERSED if named.reversed_no_show else status_words(named.status)
    yield Words(
        f"预约号「{grounds.reference}」在台账中属于会员「{named.member_no}」的 {named.benefit}，{status.zh}。",
        f"Under the reference {grounds.reference} the ledger has {named.benefit} for member {named.member_no}, "
        f"{status.en}.",
    )


def _not_in_statement(grounds: Grounds) -> Iterator[Words]:
    ledger, reference = _ledger(grounds), grounds.reference
    priced = ledger.amount is not None
    zh = f"金额 {yuan(ledger.amount)}" if priced else "当日没有合同价"
    en = cny(ledger.amount) if priced else "with no contract price in force that day"
    yield Words(
        f"台账有 {ledger.day} 的服务（"
        + (f"预约号「{reference}」，" if reference else "")
        + f"数量 {ledger.units}，{zh}），本期对账单没有对应的行。",
        f"The ledger has a delivery of {ledger.day} ("
        + (f"reference {reference}, " if reference else "")
        + f"{how_many(ledger.units, 'unit')}, {en}) that no line of the period's statements speaks of.",
    )
    if ledger.day < grounds.month:
        yield Words("它发生在较早的账期，属补报。", "It happened in an earlier month and comes late.")


def _ambiguous(grounds: Grounds) -> Iterator[Words]:
    yield Words(
        f"有 {grounds.candidates} 笔未配对的服务同样符合，无从区分；请从候选中选一笔人工配对。",
        f"{how_many(grounds.candidates, 'delivery', 'deliveries')} fit equally well and nothing tells them apart: "
        "choose one among the candidates and MATCH it by hand.",
    )


def _outside_period(grounds: Grounds) -> Iterator[Words]:
    stated = _stated(grounds)
    month, own = month_text(grounds.month), month_text(stated.day)
    yield Words(
        f"服务日期 {stated.day} 在 {month} 账期之后，本期不予配对，未经处理不支付；{own} 的对账单仍可列入。",
        f"The line's day, {stated.day}, lies after the month {month}: it is matched with nothing here, and not paid "
        f"without a decision. The statement of {own} can still claim it.",
    )


def _how(grounds: Grounds) -> Words:
    return pass_words(grounds.pass_) if grounds.pass_ is not None else Words("已配对", "matched")


def _both(grounds: Grounds) -> tuple[Side, Side]:
    return _stated(grounds), _ledger(grounds)


def _stated(grounds: Grounds) -> Side:
    if grounds.stated is None:
        raise ValueError(f"a finding of kind {grounds.kind} speaks of a line, and this has none")
    return grounds.stated


def _ledger(grounds: Grounds) -> Side:
    if grounds.ledger is None:
        raise ValueError(f"a finding of kind {grounds.kind} speaks of a delivery, and this has none")
    return grounds.ledger
