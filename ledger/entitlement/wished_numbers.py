"""Wished numbers (订制保单吉祥号): the rules of the application, before there is a policy. Pure.

What follows, when the policy is issued, is in `ledger.posting.applications`.
"""

from handbook import WishedNumber
from ledger.entitlement.case import Case
from ledger.refusals import Refusal, RefusalCode, invalid


def number_is_for_a_policy_to_come(case: Case) -> Refusal | None:
    """An existing policy gets no number (请于投保前 2 个工作日申请): it is applied for before the policy."""
    wished = case.benefit.wished_number if case.benefit is not None else None
    if wished is None or case.policy_no is None:
        return None
    return _applied_before(case, wished)


def number_is_applied_for(case: Case, wished: WishedNumber) -> Refusal | None:
    """A number is held before there is a policy. Whether another customer has it, only the insurer's core system knows.

    The refusal does not say whether the named policy is the customer's: vendors could probe policy numbers with it.
    """
    if case.policy_no is not None or (not case.hold and not case.is_question):
        return _applied_before(case, wished)
    if case.is_question:
        return None
    number = case.wished_number or ""
    if len(number) != wished.length or not (number.isascii() and number.isalnum()):
        return Refusal(
            code=RefusalCode.WISHED_NUMBER_REQUIRED,
            facts=case.facts(length=wished.length),
            missing=("wishedNumber",),
        )
    if number in case.numbers_held:
        return invalid(
            f"号码「{number}」（wishedNumber）已由该客户申请，尚待保单出单；请确认或取消原申请，或另选号码",
            f"the number {number} (wishedNumber) is applied for already by an open hold of this customer: "
            "confirm or release that one, or wish for another number",
        )
    return None


def _applied_before(case: Case, wished: WishedNumber) -> Refusal:
    return Refusal(
        code=RefusalCode.POLICY_NOT_ELIGIBLE,
        wording="applied_before",
        facts=case.facts(working_days=wished.working_days_before),
    )
