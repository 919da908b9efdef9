"""What a benefit asks for beyond the star: policy, number, option, facility, documents, hours. Pure.

Each rule looks at one `Case` and returns a refusal or None. An eligibility question is not refused for what only a
request carries: documents, facility, wished number.
"""

from ledger.commands import too_many_hours
from ledger.entitlement.account import waiting_ends
from ledger.entitlement.case import Case
from ledger.entitlement.opening import hours_in_words, is_open, next_opening
from ledger.entitlement.relations import relation_words
from ledger.entitlement.requirements import labelled
from ledger.entitlement.wished_numbers import number_is_applied_for
from ledger.refusals import Refusal, RefusalCode, invalid


def policy_is_eligible(case: Case) -> Refusal | None:
    """A benefit given per policy (每份保单) needs an individual policy of the customer that is in force.

    A wished number is for a future policy, so its application names none.
    """
    wished = case.benefit.wished_number if case.benefit is not None else None
    if wished is not None:
        return number_is_applied_for(case, wished)
    if case.wished_number is not None:
        return _superfluous(case, "wishedNumber")
    if case.benefit is None or not case.benefit.policy_named:
        return None if case.policy_no is None else _superfluous(case, "policyNo")
    if case.policy_no is None:
        return Refusal(code=RefusalCode.POLICY_REQUIRED, facts=case.facts(), missing=("policyNo",))
    if case.policy_no in case.account.eligible_policies(case.day):
        return None
    return Refusal(code=RefusalCode.POLICY_NOT_ELIGIBLE, facts=case.facts(policy_no=case.policy_no))


def option_is_chosen(case: Case) -> Refusal | None:
    """A benefit with several options needs one of them to be named."""
    options = case.benefit.options if case.benefit is not None else ()
    if not options:
        return None if case.option is None else _superfluous(case, "option")
    if case.option in options:
        return None
    return Refusal(
        code=RefusalCode.OPTION_REQUIRED, facts=case.facts(options=", ".join(options)), missing=("option",)
    )


def option_is_for_the_beneficiary(case: Case) -> Refusal | None:
    """An option may be for one relation only: fluoride is for a child (儿童涂氟), so never for the customer."""
    option = (
        case.edition.option(case.option) if case.edition is not None and case.option is not None else None
    )
    if option is None or option.relation is None:
        return None
    if case.relative is not None and case.relative.relation == option.relation:
        return None
    return Refusal(
        code=RefusalCode.BENEFICIARY_NOT_COVERED,
        wording="option",
        facts=case.facts(
            option=option.code,
            option_zh=option.name,
            option_en=option.name_en,
            relation=relation_words(option.relation).en,
            relation_zh=relation_words(option.relation).zh,
        ),
        missing=("beneficiary",) if case.beneficiary is None else (),
    )


def facility_is_chosen(case: Case) -> Refusal | None:
    """A benefit with several facilities needs one of them to be named."""
    benefit = case.benefit
    facilities = benefit.facilities if benefit is not None else ()
    if benefit is None or not facilities:
        return None if case.facility is None else _superfluous(case, "facility")
    if case.is_question or case.facility in facilities:
        return None
    named = labelled(facilities, benefit.labels.facilities)
    return Refusal(
        code=RefusalCode.FACILITY_REQUIRED,
        facts=case.facts(
            facilities_zh="、".join(f"{label.code}（{label.name}）" for label in named),
            facilities_en=", ".join(f"{label.code} ({label.name_en})" for label in named),
        ),
        missing=("facility",),
    )


def evidence_is_there(case: Case) -> Refusal | None:
    """What the detail page asks for (an admission slip, a first opinion) must come with the request.

    Where the illness must begin after the waiting period, so must the day of its diagnosis.
    """
    if case.evidence is None or case.benefit is None:
        return None
    missing = [kind for kind in case.benefit.evidence if kind not in case.evidence]
    if case.benefit.illness_after_waiting and not case.diagnoses:
        missing.append("diagnosedOn")
    if not missing:
        return None
    return Refusal(code=RefusalCode.EVIDENCE_MISSING, facts=case.facts(), missing=tuple(missing))


def illness_began_after_waiting(case: Case) -> Refusal | None:
    """Some benefits are for an illness diagnosed after the waiting period (等待期后), never for an earlier one."""
    if case.benefit is None or not case.benefit.illness_after_waiting or not case.diagnoses:
        return None
    latest = max(case.diagnoses)
    if latest > case.day:
        return invalid(
            f"确诊日（evidence.diagnosedOn）{latest} 晚于服务日 {case.day}",
            f"the diagnosis (evidence.diagnosedOn) of {latest} is after the day of the use, {case.day}",
        )
    booked_on = case.booked_on or case.day
    since = case.account.entitled_since(case.benefit_code, booked_on, case.handbook)
    if since is None:
        return None  # entitlement is another rule's question
    ends = waiting_ends(since, case.benefit.waiting_days)
    earliest = min(case.diagnoses)
    if earliest >= ends:
        return None
    return Refusal(
        code=RefusalCode.WAITING_PERIOD,
        wording="diagnosed",
        facts=case.facts(
            diagnosed_on=earliest.isoformat(),
            waiting_days=case.benefit.waiting_days,
            since=since.isoformat(),
            ends=ends.isoformat(),
        ),
    )


def service_is_open(case: Case) -> Refusal | None:
    """A delivery must lie within the hours of the service; a booking may be made at any time."""
    hours = case.benefit.hours if case.benefit is not None else None
    if hours is None or case.delivered_at is None:
        return None
    calendar = case.handbook.calendar
    if is_open(hours, case.delivered_at, calendar):
        return None
    opens = next_opening(hours, case.delivered_at, calendar)
    hours_zh, hours_en = hours_in_words(hours)
    return Refusal(
        code=RefusalCode.OUTSIDE_SERVICE_HOURS,
        facts=case.facts(
            hours_zh=hours_zh,
            hours_en=hours_en,
            moment=f"{case.delivered_at.astimezone(opens.tzinfo):%Y-%m-%d %H:%M}",
            opens=f"{opens:%Y-%m-%d %H:%M}",
        ),
        available_from=opens.date(),
    )


def hold_is_not_too_long(case: Case) -> Refusal | None:
    """A hold lasts as long as the vendor asks, up to the maximum of the edition of its day."""
    return too_many_hours(case.hold_hours, case.settings.max_hold_hours)


def _superfluous(case: Case, name: str) -> Refusal:
    """The refusal for a field that the benefit does not use."""
    facts = case.facts()
    return invalid(
        f"「{facts['benefit_zh']}」不使用 {name}，请去掉",
        f"{facts['benefit_en']} takes no {name}: please leave it out",
    )
