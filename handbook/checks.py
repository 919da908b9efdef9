"""What must hold within one edition, and from one edition to the next, before anyone rates by it.

Each rule is a function of the same shape that yields faults: a path into the edition and a reason that
says what would help. The rules stand in the tuples at the end; the loader runs them in that order and
refuses the edition with the first fault. The reasons matter more than the rules: the reader is the
person who typed the new edition in.
"""

from collections.abc import Callable, Iterator

from handbook.benefits import Counted, Label, Per
from handbook.faults import Fault
from handbook.nodes import suggestion
from handbook.printed import PRINT_CHECKS
from handbook.rating_checks import RATING_CHECKS
from handbook.values import Edition


def days_in_order(edition: Edition) -> Iterator[Fault]:
    """An edition lasts at least a day."""
    if edition.effective_to is not None and edition.effective_to <= edition.effective_from:
        reason = (
            f"the edition would end on {edition.effective_to}, not after its start {edition.effective_from}"
        )
        yield Fault(path="effective_to", reason=f"{reason}; correct one of the two")


def grids_match_the_tiers(edition: Edition) -> Iterator[Fault]:
    """Every grid and every printed row has one cell for each star; some star has the benefit."""
    stars = len(edition.tiers)
    for benefit in edition.benefits:
        path = f"benefits.{benefit.code}"
        if len(benefit.grid) > stars:
            reason = f"unknown star; the edition's tiers end at star {stars}"
            yield Fault(path=f"{path}.grid.{stars + 1}", reason=reason)
        elif len(benefit.grid) < stars:
            reason = f"star {len(benefit.grid) + 1} is missing; write every star to {stars}, null where it has nothing"
            yield Fault(path=f"{path}.grid", reason=reason)
        elif all(grade.allowance is None for grade in benefit.grid):
            yield Fault(
                path=f"{path}.grid", reason="no star has this benefit; give it to one, or leave it out"
            )
        if not benefit.printed.rows:
            yield Fault(path=f"{path}.printed.rows", reason="quote the printed row or rows of this benefit")
        for number, row in enumerate(benefit.printed.rows, start=1):
            if len(row.cells) != stars:
                reason = (
                    f"the row has {len(row.cells)} cells, but there are {stars} stars; quote one for each"
                )
                yield Fault(path=f"{path}.printed.rows.{number}.cells", reason=reason)


def one_pool_for_all_stars(edition: Edition) -> Iterator[Fault]:
    """Uses carry over from star to star, so all stars of a benefit count the same thing."""
    for benefit in edition.benefits:
        first = next((grade for grade in benefit.grid if grade.allowance is not None), None)
        counted = [grade for grade in benefit.grid if isinstance(grade.allowance, Counted)]
        for grade in benefit.grid:
            path = f"benefits.{benefit.code}.grid.{grade.star}"
            shared = "what was used is carried from star to star; make them equal, or two benefits"
            if first and first.allowance and grade.allowance and grade.allowance.unit != first.allowance.unit:
                reason = (
                    f"{grade.allowance.unit}, but star {first.star} counts {first.allowance.unit}: {shared}"
                )
                yield Fault(path=f"{path}.unit", reason=reason)
            if isinstance(grade.allowance, Counted) and grade.allowance.per != benefit.per:
                reason = (
                    f"per {grade.allowance.per}, but star {counted[0].star} is per {benefit.per}: {shared}"
                )
                yield Fault(path=f"{path}.per", reason=reason)


def graded_rows_have_variants(edition: Edition) -> Iterator[Fault]:
    """Where several printed rows are one benefit, each star says which of them it has."""
    for benefit in edition.benefits:
        if len(benefit.printed.rows) < 2:  # noqa: PLR2004 - one row needs no telling apart
            continue
        for grade in benefit.grid:
            if grade.allowance is not None and grade.variant is None:
                reason = (
                    f"{len(benefit.printed.rows)} printed rows are this benefit; say which one the star has"
                )
                yield Fault(path=f"benefits.{benefit.code}.grid.{grade.star}.variant", reason=reason)


def codes_are_known(edition: Edition) -> Iterator[Fault]:
    """What benefits refer to is among what the edition names; no code is two things."""
    labels: dict[str, tuple[Label, ...]] = {
        "options": edition.options,
        "evidence_kinds": edition.evidence_kinds,
        "facilities": edition.facilities,
        "channels": edition.channels,
    }
    owners: dict[str, str] = {}
    for key, group in labels.items():
        for label in group:
            if label.code in owners:
                reason = f"{label.code} is a code of {owners[label.code]} already; choose another"
                yield Fault(path=f"{key}.{label.code}", reason=reason)
            owners[label.code] = key
    for benefit in edition.benefits:
        uses = (
            ("options", benefit.options),
            ("evidence_kinds", benefit.evidence),
            ("facilities", benefit.facilities),
            ("channels", benefit.channels),
        )
        for key, used in uses:
            known = [label.code for label in labels[key]]
            field = "evidence" if key == "evidence_kinds" else key
            for number, code in enumerate(used, start=1):
                if code not in known:
                    item = code if key == "channels" else number
                    reason = f"unknown code {code} in {field}{suggestion(code, known)} (they are named under `{key}`)"
                    yield Fault(path=f"benefits.{benefit.code}.{field}.{item}", reason=reason)


def options_for_relatives_are_shared(edition: Edition) -> Iterator[Fault]:
    """An option for one relation is of a benefit that the family shares, and that relation is family."""
    for benefit in edition.benefits:
        for number, code in enumerate(benefit.options, start=1):
            option = edition.option(code)
            if option is None or option.relation is None:
                continue
            if not benefit.family_shared or option.relation not in edition.settings.immediate_family:
                reason = (
                    f"{code} is for a {option.relation} only, whom the benefit is not for: nobody could ever use it; "
                    "see `family_shared` and settings.immediate_family"
                )
                yield Fault(path=f"benefits.{benefit.code}.options.{number}", reason=reason)


def illnesses_have_evidence(edition: Edition) -> Iterator[Fault]:
    """The day of a diagnosis is part of the evidence: a benefit that needs it must ask for evidence."""
    for benefit in edition.benefits:
        if benefit.illness_after_waiting and not benefit.evidence:
            reason = "the day of the diagnosis comes with the evidence; name a kind under `evidence`"
            yield Fault(path=f"benefits.{benefit.code}.waiting.illness_after", reason=reason)


def wished_numbers_are_per_policy(edition: Edition) -> Iterator[Fault]:
    """A number is wished for one policy, so it is counted by policy, one for each."""
    for benefit in edition.benefits:
        one_each = all(
            isinstance(grade.allowance, Counted) and grade.allowance.units == 1
            for grade in benefit.grid
            if grade.allowance is not None
        )
        if benefit.wished_number is not None and (benefit.per is not Per.POLICY or not one_each):
            reason = "a number is wished for one policy; give one unit per POLICY in the grid"
            yield Fault(path=f"benefits.{benefit.code}.wished_number", reason=reason)


def channels_are_given(edition: Edition) -> Iterator[Fault]:
    """Every benefit has a channel through which it is asked for."""
    for benefit in edition.benefits:
        if not benefit.channels:
            reason = "say how the benefit is asked for: at least one channel"
            yield Fault(path=f"benefits.{benefit.code}.channels", reason=reason)


def settings_agree(edition: Edition) -> Iterator[Fault]:
    """The default hold is within the maximum; a benefit that the family shares needs relations that are family."""
    settings = edition.settings
    if settings.default_hold_hours > settings.max_hold_hours:
        reason = f"{settings.default_hold_hours} hours is more than max_hold_hours, {settings.max_hold_hours}"
        yield Fault(
            path="settings.default_hold_hours.value", reason=f"{reason}; lower it, or raise the other"
        )
    shared = next((benefit.code for benefit in edition.benefits if benefit.family_shared), None)
    if shared is not None and not settings.immediate_family:
        reason = f"benefit {shared} is shared with the immediate family, and nobody is one"
        yield Fault(
            path="settings.immediate_family.value",
            reason=f"{reason}; name the relations, or share no benefit",
        )


def pools_stay_what_they_were(earlier: Edition, later: Edition) -> Iterator[Fault]:
    """Ledger entries outlive an edition: a benefit code keeps its unit, and what it is given per."""
    for benefit in later.benefits:
        before = earlier.benefit(benefit.code)
        if before is None:
            continue
        path = f"benefits.{benefit.code}.grid.{benefit.required_star}"
        advice = (
            f"in edition {earlier.code}, and what was used is carried on; give the new service a new code"
        )
        if before.unit != benefit.unit:
            yield Fault(path=f"{path}.unit", reason=f"{benefit.unit}, but it was {before.unit} {advice}")
        if before.per and benefit.per and before.per != benefit.per:
            yield Fault(path=f"{path}.per", reason=f"per {benefit.per}, but it was per {before.per} {advice}")


def first_day_stays(replaced: Edition, correction: Edition) -> Iterator[Fault]:
    """Another first day would leave days, on which members were served, without an edition or under another one."""
    was, now = replaced.effective_from, correction.effective_from
    if was != now:
        reason = (
            f"{now}, but edition {replaced.code} is in force from {was}; write a new code, or keep the day"
        )
        yield Fault(path="effective_from", reason=reason)


def no_benefit_is_lost(replaced: Edition, correction: Edition) -> Iterator[Fault]:
    """What was used of a benefit on the edition's days stays a use of that benefit; a later edition may drop it."""
    for benefit in replaced.benefits:
        if correction.benefit(benefit.code) is None:
            reason = f"benefit {benefit.code} is missing, which edition {replaced.code} has in force"
            advice = "a correction drops none: add it, or drop it in a new edition"
            yield Fault(path="sections", reason=f"{reason}; {advice}")


EDITION_CHECKS: tuple[Callable[[Edition], Iterator[Fault]], ...] = (
    days_in_order,
    *RATING_CHECKS,
    grids_match_the_tiers,
    one_pool_for_all_stars,
    graded_rows_have_variants,
    codes_are_known,
    settings_agree,
    options_for_relatives_are_shared,
    illnesses_have_evidence,
    wished_numbers_are_per_policy,
    channels_are_given,
    *PRINT_CHECKS,
)


SUCCESSION_CHECKS: tuple[Callable[[Edition, Edition], Iterator[Fault]], ...] = (pools_stay_what_they_were,)


CORRECTION_CHECKS: tuple[Callable[[Edition, Edition], Iterator[Fault]], ...] = (
    first_day_stays,
    no_benefit_is_lost,
    *SUCCESSION_CHECKS,
)
"""From the edition in force to another text of its code. A benefit may be added: only the edition before is asked."""
