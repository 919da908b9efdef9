"""What is usually decided of a finding, with the reason: a suggestion, which decides nothing. Pure."""

from dataclasses import dataclass
from typing import assert_never

from base.words import Words
from ledger.reconciliation.values import Action, FindingKind
from ledger.reconciliation.views import FindingView


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """A decision that suits a finding, and why."""

    action: Action
    words: Words


def suggestion(finding: FindingView) -> Suggestion | None:  # noqa: C901, PLR0911 (one case for each kind)
    """A suggestion for a finding that waits; None where a person has to look.

    That is where several deliveries fit, and where something else of the same member, benefit and day was delivered or
    paid. Nothing is ever suggested that pays more than both the statement and the ledger support.
    """
    if not finding.waits or finding.related:
        return None
    pays = f"{finding.accepting_pays:.2f}"
    match finding.kind:
        case FindingKind.MATCHED | FindingKind.AMBIGUOUS:
            return None
        case FindingKind.UNITS_DIFFER | FindingKind.AMOUNT_DIFFERS:
            return _accept(f"支付双方都支持的 {pays} 元", f"pays CNY {pays}, which both sides support")
        case FindingKind.DATE_DIFFERS:
            return _accept(f"只有日期不同，支付 {pays} 元", f"only the day differs; pays CNY {pays}")
        case FindingKind.REVERSED if finding.accepting_pays < 0:
            return _accept(
                f"服务已冲正，扣回 {pays} 元",
                f"the delivery was reversed: what was paid is taken back, CNY {pays}",
            )
        case FindingKind.REVERSED:
            return _accept("服务已冲正，不付款", "the delivery was reversed: pays nothing")
        case FindingKind.DUPLICATE_LINE:
            return _accept("重复的行，不再付款", "it repeats another line: pays nothing")
        case FindingKind.NOT_IN_LEDGER if (finding.stated_units or 0) < 0:
            return _accept("没有可扣回的款项", "nothing was paid that it could take back")
        case FindingKind.NOT_IN_LEDGER:
            return Suggestion(
                action=Action.DISPUTE,
                words=Words(
                    "台账没有该次服务：本月不付，请服务商说明",
                    "the ledger has no such delivery: the vendor has to show it",
                ),
            )
        case FindingKind.NOT_IN_STATEMENT:
            return _accept(
                "本月未申报，不付款；以后仍可申报",
                "not claimed: pays nothing, and can still be claimed later",
            )
        case FindingKind.OUTSIDE_PERIOD:
            return _accept(
                "属以后的账期，本月不付款；可在其当月申报",
                "of a later month: pays nothing here, and can be claimed in its own month",
            )
        case _:
            assert_never(finding.kind)


def _accept(words_zh: str, words_en: str) -> Suggestion:
    return Suggestion(action=Action.ACCEPT, words=Words(words_zh, words_en))
