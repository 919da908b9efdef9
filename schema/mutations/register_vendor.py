"""`registerVendor`: a vendor and its contract."""

from datetime import date
from decimal import Decimal

import strawberry

from ledger.entitlement.terms import Term
from ledger.refusals import RETRY_AFTER_S, Refusal, RefusalCode
from ledger.vendors.contracts import MOST_TOLERANCE_DAYS
from ledger.vendors.registry import register_vendor
from schema.context import Info
from schema.errors import BadInputError, BusyError
from schema.mutations.deciding import decider
from schema.types.redemption import Vendor


@strawberry.input(description="The price of one unit of a benefit at a vendor, on a span of days.")
class ContractTermInput:
    benefit: str = strawberry.field(description="The code of the benefit.")
    variant: str | None = strawberry.field(
        default=None,
        description="The grade, where it has a price of its own; absent: every grade without one.",
    )
    unit_price: Decimal = strawberry.field(
        description="For one unit (a use or a minute), in CNY, at most 2 places."
    )
    from_: date = strawberry.field(name="from", description="First day.")
    to: date | None = strawberry.field(
        default=None,
        description="The day after the last, on which the open price resumes; absent: open, until a later "
        "price begins.",
    )


@strawberry.type
class RegisterVendorMutation:
    """A vendor and its contract."""

    @strawberry.mutation(
        description="Register a vendor, or add terms to a registered one, which takes the new name. A later price "
        "succeeds the open one on the day it begins, and a price for some days (`to`) interrupts it; two prices for "
        "one day are refused in whatever order they come. Deliveries keep their price, and so do closed months. "
        f"`dateToleranceDays`, from 0 to {MOST_TOLERANCE_DAYS}: by how much the day of a "
        "statement's line may differ from that of its delivery; absent: unchanged, 3 by default. The same "
        "again changes nothing."
    )
    async def register_vendor(
        self,
        info: Info,
        code: str,
        name: str,
        terms: list[ContractTermInput],
        date_tolerance_days: int | None = None,
    ) -> Vendor:
        context = info.context
        answer = await register_vendor(
            code=code,
            name=name,
            terms=[
                Term(
                    benefit=term.benefit,
                    variant=term.variant,
                    unit_price=term.unit_price,
                    starts_on=term.from_,
                    ends_on=term.to,
                )
                for term in terms
            ],
            date_tolerance_days=date_tolerance_days,
            handbook=context.handbook,
            now=context.now,
            subject=decider(context),
        )
        context.written()
        if isinstance(answer, Refusal) and answer.code is RefusalCode.BUSY:
            raise BusyError(
                answer.message(context.language), retry_after_s=answer.retry_after or RETRY_AFTER_S
            )
        if isinstance(answer, Refusal):
            # The result type is the vendor itself, so refusals are errors here.
            raise BadInputError(answer.message(context.language))
        return Vendor.of(answer)
