"""What the API says of policies and premiums, each value with its meaning."""

from typing import assert_never

from handbook import Category, Coverage, Design, Mode, PremiumBase
from rating.contributions import Reason
from rating.events import Line
from rating.history import Kind
from rating.lifecycle import Status
from schema.types.enums.publishing import published, sentence

__all__ = ["Category", "Coverage", "Design", "Kind", "Line", "Mode", "PremiumBase", "Reason", "Status"]


@published(PremiumBase, "The premium that a coefficient multiplies.")
def _premium_base(premium_base: PremiumBase) -> str:
    match premium_base:
        case PremiumBase.ANNUALISED_PREMIUM:
            return "What the instalments of a year add up to."
        case PremiumBase.SINGLE_PREMIUM:
            return "The premium paid once."
        case _:
            assert_never(premium_base)


@published(Line, "Who bought a policy.", name="PolicyLine")
def _line(line: Line) -> str:
    match line:
        case Line.INDIVIDUAL:
            return "A person."
        case Line.GROUP:
            return "A group: such policies never count."
        case _:
            assert_never(line)


@published(Coverage, "How long a policy covers.", name="PolicyCoverage")
def _coverage(coverage: Coverage) -> str:
    match coverage:
        case Coverage.LONG:
            return "More than one year."
        case Coverage.ONE_YEAR:
            return "One year, renewable."
        case Coverage.UNDER_ONE_YEAR:
            return "Less than one year: such policies never count."
        case _:
            assert_never(coverage)


@published(Category, "What a policy insures.", name="PolicyCategory")
def _category(category: Category) -> str:
    match category:
        case Category.WHOLE_LIFE:
            return "Whole life 终身寿险."
        case Category.TERM_LIFE:
            return "Term life 定期寿险."
        case Category.ANNUITY:
            return "Annuity 年金."
        case Category.CRITICAL_ILLNESS:
            return "Critical illness 重疾."
        case Category.ENDOWMENT:
            return "Endowment 两全."
        case Category.MEDICAL:
            return "Medical 医疗."
        case Category.ACCIDENT:
            return "Accident 意外."
        case Category.OTHER:
            return "Anything else."
        case _:
            assert_never(category)


@published(Design, "How a policy shares in profits.", name="PolicyDesign")
def _design(design: Design) -> str:
    match design:
        case Design.TRADITIONAL:
            return "Not at all 传统."
        case Design.PARTICIPATING:
            return "Dividends 分红."
        case Design.UNIVERSAL:
            return "Universal life 万能."
        case _:
            assert_never(design)


@published(Mode, "How a premium is paid.", name="PremiumMode")
def _mode(mode: Mode) -> str:
    match mode:
        case Mode.ANNUAL:
            return "Once a year."
        case Mode.SEMI_ANNUAL:
            return "Twice a year."
        case Mode.QUARTERLY:
            return "Four times a year."
        case Mode.MONTHLY:
            return "Twelve times a year."
        case Mode.SINGLE:
            return "A single premium."
        case _:
            assert_never(mode)


@published(Status, "The status of a policy on a day.", name="PolicyStatus")
def _status(status: Status) -> str:
    return sentence(status.words)


@published(Kind, "The origin of a premium component.", name="ComponentKind")
def _kind(kind: Kind) -> str:
    match kind:
        case Kind.BASE:
            return "The policy's own."
        case Kind.INCREASE:
            return "Premium increase 加保."
        case Kind.RIDER:
            return "New rider 新增附加险."
        case Kind.TOP_UP:
            return "Top-up investment 追加投资."
        case _:
            assert_never(kind)


@published(Reason, "Why a premium component counts on a day, or why not.", name="ContributionReason")
def _reason(reason: Reason) -> str:
    return sentence(reason.words)
