"""The words of each kind of finding, for files and for the API. A kind without words does not type-check."""

from typing import NamedTuple, assert_never

from base.words import Words
from ledger.reconciliation.values import FindingKind


class KindWords(NamedTuple):
    """The name of a kind for people, and what it means to clients of the API."""

    name: Words
    meaning: str


def kind_words(kind: FindingKind) -> KindWords:  # noqa: C901, PLR0911 (one case for each kind)
    """The words of a kind."""
    match kind:
        case FindingKind.MATCHED:
            return KindWords(
                Words("相符", "line and ledger agree"), "The line and the delivery agree in everything."
            )
        case FindingKind.UNITS_DIFFER:
            return KindWords(
                Words("数量不符", "other units than in the ledger"), "They are a pair; the units differ."
            )
        case FindingKind.AMOUNT_DIFFERS:
            return KindWords(
                Words("金额不符", "another amount than by the contract"),
                "They are a pair; the amount is not that of the contract on the day of delivery.",
            )
        case FindingKind.DATE_DIFFERS:
            return KindWords(
                Words("日期不符", "another day than in the ledger"), "They are a pair; only the day differs."
            )
        case FindingKind.REVERSED:
            return KindWords(
                Words("已冲正", "the delivery was reversed"),
                "The line's delivery was reversed; without a line: it was paid, and reversed since.",
            )
        case FindingKind.DUPLICATE_LINE:
            return KindWords(
                Words("重复行", "the delivery is in another line already"), "The line repeats another one."
            )
        case FindingKind.NOT_IN_LEDGER:
            return KindWords(
                Words("台账没有", "the ledger has no such delivery"),
                "The ledger has no delivery for the line.",
            )
        case FindingKind.NOT_IN_STATEMENT:
            return KindWords(Words("对账单没有", "delivered, but in no line"), "No line claims the delivery.")
        case FindingKind.AMBIGUOUS:
            return KindWords(
                Words("无法区分", "several deliveries fit, and nothing tells them apart"),
                "Several deliveries fit the line, and nothing distinguishes them.",
            )
        case FindingKind.OUTSIDE_PERIOD:
            return KindWords(
                Words("账期之外", "the line's day lies after the month"),
                "The line's day lies after the month; the statement of its own month can still claim it.",
            )
        case _:
            assert_never(kind)
