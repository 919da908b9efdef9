"""Before serving a customer: may they use it, and if not, why and from when."""

import strawberry

from ledger.commands import Redeem, malformed
from ledger.quotas.quota import Quota, eligibility
from ledger.refusals import Refusal, RefusalCode
from rating.customers import customers_by_member_no
from schema.context import Info
from schema.disclosure import shown
from schema.look_ups import look_up
from schema.permissions import check_customer, shown_refusal
from schema.types.quota import Eligibility

# A placeholder for what a redemption has and a question has not.
_UNSAID = "-"


@strawberry.type
class EligibilityQueries:
    """The question before a redemption."""

    @strawberry.field(
        description="Whether redeeming now would succeed, judged by the rules of the redemption itself, service "
        "hours included: outside them the answer is OUTSIDE_SERVICE_HOURS, though `hold` may book the benefit at any "
        "hour. What only a request has is not required: documents, facility, wished number. "
        "`beneficiary`: a relative's id; absent: the customer. `units` absent: one. For "
        "lucky-policy-number: whether a number may be applied for, by hold."
    )
    async def eligibility(
        self,
        info: Info,
        member_no: str,
        benefit: str,
        units: int | None = None,
        beneficiary: strawberry.ID | None = None,
        policy_no: str | None = None,
        option: str | None = None,
    ) -> Eligibility:
        context = info.context
        check_customer(context.viewer, member_no)
        vendor = context.viewer.vendor if context.viewer is not None else None
        asked = Redeem(
            vendor=vendor or _UNSAID,
            member_no=member_no,
            benefit=benefit,
            key=_UNSAID,
            units=units,
            option=option,
            policy_no=policy_no,
            beneficiary=beneficiary,
        )
        wrong = malformed(asked)
        if wrong is not None:
            return _answer(wrong, None)
        look = await look_up(context, [member_no])
        if look.withheld:
            return _answer(look.refusal, None)
        row = (await customers_by_member_no(context.pool, [member_no])).get(member_no)
        await look.pay(context, unknown=[member_no] if row is None else [])
        if row is None:
            return _answer(Refusal(code=RefusalCode.UNKNOWN_CUSTOMER, facts={"member_no": member_no}), None)
        shown(row.member_no)
        account = await context.loaders.account.load((row.id, context.today))
        refusal, quota = eligibility(
            account,
            context.handbook,
            context.now,
            benefit=benefit,
            units=asked.units,
            beneficiary=beneficiary,
            policy_no=policy_no,
            option=option,
            vendor=vendor or "",
            # Contracts are checked only when a vendor asks.
            terms=await context.loaders.contract.load(vendor) if vendor is not None else None,
        )
        # A vendor sees the quotas of its contract only, as on the customer.
        hidden = refusal is not None and refusal.code is RefusalCode.VENDOR_NOT_CONTRACTED
        return _answer(shown_refusal(context.viewer, refusal), None if hidden else quota)


def _answer(refusal: Refusal | None, quota: Quota | None) -> Eligibility:
    return Eligibility(entitled=refusal is None, refusal=refusal, quota=quota)
