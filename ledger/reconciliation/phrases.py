"""Phrases of which the reasons of findings are made, in both languages. Pure."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import assert_never

from base.words import Words, counted
from ledger.posting.entries import RedemptionStatus
from ledger.reconciliation.grounds import LineName, Related, RelatedKind
from ledger.reconciliation.values import Pass, Side


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


def status_words(status: RedemptionStatus) -> Words:
    """What became of the redemption that a reference names."""
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


NO_SHOW_REVERSED = Words(
    "曾记为客户未到，后已冲正，没有核销", "not delivered: told as a no-show, which was reversed"
)


def line_words(lines: Sequence[LineName]) -> Words:
    """Lines by their names."""
    named = [
        Words(
            f"对账单「{each.statement}」第 {each.line_no} 行",
            f"line {each.line_no} of statement {each.statement}",
        )
        for each in lines
    ]
    return Words("、".join(each.zh for each in named), ", ".join(each.en for each in named))


def related_words(other: Related) -> Words:
    """What else there is of the same member, benefit and day."""
    line = line_words([other.line]) if other.line is not None else Words("", "")
    match other.how:
        case RelatedKind.DELIVERED:
            return Words(
                f"注意：同日「{other.vendor_name}」也为该会员提供了此项目（数量 {other.units}）。",
                f"Mind that {other.vendor_name} delivered this benefit to the member on the same day "
                f"({how_many(other.units, 'unit')}).",
            )
        case RelatedKind.EXCEPTION:
            return Words(
                f"注意：「{other.vendor_name}」{line.zh}（同会员、同项目、同日，数量 {other.units}）已破例付款。",
                f"Mind that {line.en} of {other.vendor_name} is paid by exception, for the same member, benefit and "
                f"day ({how_many(other.units, 'unit')}).",
            )
        case RelatedKind.HAND:
            return Words(
                f"注意：「{other.vendor_name}」{line.zh}（数量 {other.units}）已人工配对该会员同项目、同日的服务。",
                f"Mind that {line.en} of {other.vendor_name} ({how_many(other.units, 'unit')}) is matched by hand with "
                "a delivery to the same member, of the same benefit and day.",
            )
        case _:
            assert_never(other.how)


def difference_words(stated: Side, ledger: Side) -> Iterator[Words]:
    """Each difference of a pair, with both sides."""
    if stated.units != ledger.units:
        more = f"{stated.units - ledger.units:+}"
        yield Words(
            f"数量：对账单 {stated.units}，台账 {ledger.units}（{more}）",
            f"units: {stated.units} stated, {ledger.units} in the ledger ({more})",
        )
    if ledger.amount is None:
        yield Words(
            f"金额：对账单 {yuan(stated.amount)}，台账在 {ledger.day} 没有合同价",
            f"amount: {cny(stated.amount)} stated, and no contract price in force on {ledger.day}",
        )
    elif stated.amount != ledger.amount:
        more = f"{(stated.amount or 0) - ledger.amount:+.2f}"
        yield Words(
            f"金额：对账单 {yuan(stated.amount)}，台账 {yuan(ledger.amount)}（{more}）",
            f"amount: {cny(stated.amount)} stated, {cny(ledger.amount)} in the ledger ({more})",
        )
    if stated.day != ledger.day:
        days = (stated.day - ledger.day).days
        yield Words(
            f"日期：对账单 {stated.day}，台账 {ledger.day}（{'晚' if days > 0 else '早'} {abs(days)} 天）",
            f"date: {stated.day} stated, {ledger.day} in the ledger "
            f"({how_many(abs(days), 'day')} {'later' if days > 0 else 'earlier'})",
        )


def yuan(amount: Decimal | None) -> str:
    """An amount in Chinese; none is zero."""
    return f"{amount or Decimal():,.2f} 元"


def cny(amount: Decimal | None) -> str:
    """An amount in English; none is zero."""
    return f"CNY {amount or Decimal():,.2f}"


def how_many(number: int, one: str, many: str = "") -> str:
    """A number with its noun in English."""
    return counted(number, one, many, form=",")


def capital(words: str) -> str:
    """With a capital letter."""
    return words[:1].upper() + words[1:]
