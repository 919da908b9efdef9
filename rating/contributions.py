"""What each premium component adds to the rated premium, and why it adds nothing where it does not.

Rated premium (定级保费) = Σ over the counted components of premium base × coefficient (decoded, section 1). A component
counts while ALL of these hold: an individual policy of a year or longer; in force; its cooling-off period over;
the component begun, not ended and within its validity. A one-year policy's components count within a year that
begins at its issue or at a renewal instead of a payment term. Where years end: `handbook.dates.cover_end`.

`counted_spans` is the rule, in one place: the timeline sums it and a `Contribution` explains it. Base and coefficient
are those of the edition in force on the day, so a new edition can change both. Amounts are CNY, exact, unrounded.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import TypeVar, assert_never

from base.words import Words
from handbook.coefficients import Coefficient, Coverage
from handbook.dates import cover_end
from handbook.handbook import Handbook
from handbook.values import Edition
from rating.events import Line
from rating.history import ComponentHistory, History, Kind, PolicyHistory
from rating.lifecycle import Status

FOREVER = date.max
"""Stands for an open end inside this core; outside it an open end is None."""

Span = tuple[date, date]
_Value = TypeVar("_Value")
NOTHING = Decimal(0)


class Reason(StrEnum):
    """Why a component counts on a day, or does not."""

    COUNTED = "COUNTED"
    GROUP_POLICY = "GROUP_POLICY"
    UNDER_ONE_YEAR = "UNDER_ONE_YEAR"
    NOT_YET_EFFECTIVE = "NOT_YET_EFFECTIVE"
    CANCELLED = "CANCELLED"
    SURRENDERED = "SURRENDERED"
    LAPSED = "LAPSED"
    REDUCED_PAID_UP = "REDUCED_PAID_UP"
    PREMIUM_WAIVED = "PREMIUM_WAIVED"
    TERMINATED = "TERMINATED"
    COOLING_OFF = "COOLING_OFF"
    COMPONENT_ENDED = "COMPONENT_ENDED"
    VALIDITY_ENDED = "VALIDITY_ENDED"

    @property
    def words(self) -> Words:  # noqa: C901, PLR0911, PLR0912 (one case for each reason)
        """The reason in words."""
        match self:
            case Reason.COUNTED:
                return Words("计入定级保费", "counts towards the rated premium")
            case Reason.GROUP_POLICY:
                return Words("团体保单不计入", "group policies do not count")
            case Reason.UNDER_ONE_YEAR:
                return Words("保险期间不足一年的保单不计入", "policies of less than one year do not count")
            case Reason.NOT_YET_EFFECTIVE:
                return Words("尚未生效", "not yet in effect")
            case Reason.CANCELLED:
                return Words("已于犹豫期退保", "cancelled in the cooling-off period")
            case Reason.SURRENDERED:
                return Words("已退保", "surrendered")
            case Reason.LAPSED:
                return Words("保单失效中，复效后重新计入", "lapsed; it counts again once reinstated")
            case Reason.REDUCED_PAID_UP:
                return Words("已减额交清", "reduced paid-up")
            case Reason.PREMIUM_WAIVED:
                return Words("已豁免保费", "premium waived")
            case Reason.TERMINATED:
                return Words("保单已终止", "terminated")
            case Reason.COOLING_OFF:
                return Words("犹豫期内，犹豫期后计入", "in the cooling-off period; it counts after it")
            case Reason.COMPONENT_ENDED:
                return Words("该保费项目已结束", "the component has ended")
            case Reason.VALIDITY_ENDED:
                return Words("服务有效期已过", "its validity has ended")
            case _:
                assert_never(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Contribution:
    """What one component adds on a day.

    `base` is the annualised or single premium then; `amount` is base × coefficient, 0 when not counted. The counted
    span is the one around the day, or else the next one ahead, or None; its end None is open.
    """

    policy_no: str
    component_id: str
    kind: Kind
    base: Decimal
    coefficient: Decimal
    amount: Decimal
    counted: bool
    reason: Reason
    counted_from: date | None
    counted_until: date | None


def counted_spans(
    policy: PolicyHistory, component: ComponentHistory, handbook: Handbook, open_spans: Sequence[Span]
) -> Iterator[tuple[date, date, Decimal]]:
    """Yield the spans [from, to) in which a component counts, ascending and apart, each with its amount.

    `open_spans` are the policy's (see `open_spans_of`). Adjacent spans differ in amount or in edition.
    """
    if not open_spans:
        return
    ended_on = component.ended_on or FOREVER
    for edition in handbook.editions:
        rule = _rule(edition, policy, component)
        if rule is None:
            continue
        rate = rule.rate(component.term_years)
        ends_on = min(ended_on, edition.effective_to or FOREVER, _validity_end(policy, component, rule))
        for from_, to, premium in _steps(component.premiums):  # the first begins with the component
            amount = premium * component.mode.instalments_per_year * rate
            for opens, closes in open_spans:
                first, last = max(from_, edition.effective_from, opens), min(to, ends_on, closes)
                if first < last:
                    yield first, last, amount


def open_spans_of(policy: PolicyHistory, handbook: Handbook) -> list[Span]:
    """Return the spans in which a policy's components can count at all: in force, cooled off, and covered."""
    if policy.line is Line.GROUP or policy.coverage is Coverage.UNDER_ONE_YEAR:
        return []
    last_day = policy.cooling_off_ends_on(handbook)
    earliest = policy.issued_on if last_day is None else max(policy.issued_on, last_day + timedelta(days=1))
    spans = [
        (max(from_, earliest), to)
        for from_, to, status in _steps(policy.statuses)
        if status is Status.IN_FORCE and to > earliest
    ]
    if policy.coverage is not Coverage.ONE_YEAR:
        return spans
    years = _joined((day, cover_end(day, 1)) for day in sorted((policy.issued_on, *policy.renewed_on)))
    both = ((max(from_, first), min(to, last)) for first, last in years for from_, to in spans)
    return sorted(span for span in both if span[0] < span[1])


def contributions_on(history: History, day: date, handbook: Handbook) -> tuple[Contribution, ...]:
    """Return what every component known adds to the rated premium on a day, with the reason.

    Also components of policies that begin later, so that a coming rise can be explained.
    """
    return tuple(
        _contribution(policy, component, day, handbook)
        for policy in history.policies.values()
        for component in policy.components
    )


def _contribution(
    policy: PolicyHistory, component: ComponentHistory, day: date, handbook: Handbook
) -> Contribution:
    spans = list(counted_spans(policy, component, handbook, open_spans_of(policy, handbook)))
    amount = next((amount for from_, to, amount in spans if from_ <= day < to), None)
    around = next(
        (span for span in _joined((from_, to) for from_, to, _ in sorted(spans)) if day < span[1]), None
    )
    edition = handbook.on(day)
    rule = _rule(edition, policy, component) if edition else None
    return Contribution(
        policy_no=policy.policy_no,
        component_id=component.component_id,
        kind=component.kind,
        base=component.premium_on(day) * component.mode.instalments_per_year,
        coefficient=rule.rate(component.term_years) if rule else NOTHING,
        amount=NOTHING if amount is None else amount,
        counted=amount is not None,
        reason=Reason.COUNTED if amount is not None else _why_not(policy, component, day, handbook),
        counted_from=around[0] if around else None,
        counted_until=around[1] if around and around[1] != FOREVER else None,
    )


def _why_not(policy: PolicyHistory, component: ComponentHistory, day: date, handbook: Handbook) -> Reason:
    """Return the first reason that applies, of a component that does not count on a day."""
    if policy.line is Line.GROUP:
        return Reason.GROUP_POLICY
    if policy.coverage is Coverage.UNDER_ONE_YEAR:
        return Reason.UNDER_ONE_YEAR
    status = policy.status_on(day)
    if status is None:
        return Reason.NOT_YET_EFFECTIVE
    no_longer = _no_longer(status)
    if no_longer is not None:
        return no_longer
    if component.ended_on is not None and component.ended_on <= day:
        return Reason.COMPONENT_ENDED
    if day < component.starts_on:
        return Reason.NOT_YET_EFFECTIVE
    last_day = policy.cooling_off_ends_on(handbook)
    if last_day is not None and day <= last_day:
        return Reason.COOLING_OFF
    # Days before the first edition have no programme that it could have begun to count in.
    return Reason.NOT_YET_EFFECTIVE if day < handbook.editions[0].effective_from else Reason.VALIDITY_ENDED


def _no_longer(status: Status) -> Reason | None:
    """Return why a policy of this status does not count; None for one in force."""
    match status:
        case Status.IN_FORCE:
            return None
        case Status.CANCELLED:
            return Reason.CANCELLED
        case Status.SURRENDERED:
            return Reason.SURRENDERED
        case Status.LAPSED:
            return Reason.LAPSED
        case Status.REDUCED_PAID_UP:
            return Reason.REDUCED_PAID_UP
        case Status.PREMIUM_WAIVED:
            return Reason.PREMIUM_WAIVED
        case Status.TERMINATED:
            return Reason.TERMINATED
        case _:
            assert_never(status)


def _rule(edition: Edition, policy: PolicyHistory, component: ComponentHistory) -> Coefficient | None:
    return edition.coefficient_for(
        policy.coverage, component.design, component.category, component.mode, component.term_years
    )


def _validity_end(policy: PolicyHistory, component: ComponentHistory, rule: Coefficient) -> date:
    if policy.coverage is Coverage.ONE_YEAR:
        return FOREVER  # its years are among the open spans
    return cover_end(component.starts_on, rule.validity_years(component.term_years))


def _steps(steps: Sequence[tuple[date, _Value]]) -> list[tuple[date, date, _Value]]:
    """Return what holds from each day on, as spans: each until the next begins, the last for ever."""
    if len(steps) == 1:  # nearly always
        return [(steps[0][0], FOREVER, steps[0][1])]
    ends = [*(day for day, _ in steps[1:]), FOREVER]
    return [(day, end, value) for (day, value), end in zip(steps, ends, strict=True)]


def _joined(spans: Iterable[Span]) -> list[Span]:
    """Return spans, given ascending by start, with those that touch or overlap made one."""
    joined: list[Span] = []
    for from_, to in spans:
        if joined and from_ <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], to))
        else:
            joined.append((from_, to))
    return joined
