"""Vendors, the redemptions that they deliver, and reports of their holds: each names another, so they stand together.

A redemption is one object, whether it is read from the ledger or answers a command.
"""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Annotated

import strawberry

from handbook import Handbook
from handbook import benefits as values
from handbook.calendar import warning
from ledger import refusals
from ledger.entitlement.account import PoolKey, Taken
from ledger.ids import RedemptionId
from ledger.posting import outcomes, redemptions
from ledger.quotas.counts import QuotaCounts as Counts
from ledger.quotas.counts import counts_of
from ledger.reports.filters import Position
from ledger.reports.pages import UsageRow, VendorName
from ledger.reports.service_levels import Counts as HoldCounts
from ledger.reports.service_levels import Days, ServiceReport
from ledger.service_levels.milestones import Milestone as Reported
from ledger.vendors.registry import VendorView
from schema.connections import (
    LARGEST_PAGE,
    Connection,
    Page,
    checked_first,
    connection,
    position_cursor,
    read_position_cursor,
)
from schema.context import Info
from schema.disclosure import shown
from schema.errors import BadInputError
from schema.types.benefit import Benefit
from schema.types.catalogue import benefit_of, in_printed_order, variant_in_english
from schema.types.contract import ContractTerm, VendorUsage
from schema.types.enums import RedemptionStatus
from schema.types.node import Node
from schema.types.person import Beneficiary
from schema.types.policy import PolicyReference
from schema.types.quota import QuotaCounts
from schema.types.refusal import Refusal
from schema.types.service_level import Milestone, ServiceLevelClock, ServiceLevelCounts

_LONGEST_REPORT_DAYS = 1100


@strawberry.type(description="A vendor of services.")
class Vendor:
    code: str = strawberry.field(description="Its code, for ever.")
    name: str = strawberry.field(description="Its name.")

    @strawberry.field(
        description="The benefits that it is contracted for on a day (default: today), as printed.",
        graphql_type=list[Benefit],
    )
    async def benefits(self, info: Info, on: date | None = None) -> list[values.Benefit]:
        view = await info.context.loaders.vendor.load(self.code)
        codes = view.benefits_on(on or info.context.today) if view is not None else frozenset[str]()
        return in_printed_order(info.context.handbook, codes)

    @strawberry.field(description="All its contract terms, earliest first.")
    async def terms(self, info: Info) -> list[ContractTerm]:
        view = await info.context.loaders.vendor.load(self.code)
        terms = view.terms if view is not None else ()
        return [ContractTerm.of(term, info.context.handbook) for term in terms]

    @strawberry.field(
        description="By how many days the day of a statement's line may differ from that of the delivery it is "
        "matched with."
    )
    async def date_tolerance_days(self, info: Info) -> int | None:
        view = await info.context.loaders.vendor.load(self.code)
        return view.date_tolerance_days if view is not None else None

    @strawberry.field(
        description="Its deliveries on the days [from, to), from the ledger, by benefit and price."
    )
    async def usage(
        self, info: Info, from_: Annotated[date, strawberry.argument(name="from")], to: date
    ) -> list[VendorUsage]:
        if to < from_:
            raise BadInputError("to: expected a day not before from.")
        rows: Iterable[UsageRow] = await info.context.loaders.usage.load((self.code, from_, to))
        return [VendorUsage.of(row, info.context.handbook) for row in rows]

    @strawberry.field(
        description="A report on the holds booked on the days [from, to), at most "
        f"{_LONGEST_REPORT_DAYS} of them, for which the handbook promises an answer or an arrangement within some "
        "days; by benefit, as printed."
    )
    async def service_levels(
        self, info: Info, from_: Annotated[date, strawberry.argument(name="from")], to: date
    ) -> "list[ServiceLevelReport]":
        if not 0 <= (to - from_).days <= _LONGEST_REPORT_DAYS:
            raise BadInputError(
                f"to: expected a day not before from, and at most {_LONGEST_REPORT_DAYS} days after it."
            )
        context, days = info.context, Days(start=from_, end=to)
        reports = await context.loaders.service_reports.load((self.code, days))
        return [ServiceLevelReport.of(report, days, context.handbook) for report in reports]

    @classmethod
    def of(cls, named: VendorName | VendorView) -> "Vendor":
        """The vendor of that code and name."""
        return cls(code=named.code, name=named.name)


@strawberry.type(description="Units of a benefit that a vendor holds for a customer, or delivered.")
class Redemption(Node):
    status: RedemptionStatus = strawberry.field(
        description="Its status; a hold that has run out is EXPIRED at once."
    )
    units: int = strawberry.field(description="How many, in the unit that the benefit counts.")
    replayed: bool = strawberry.field(
        description="Whether this is the stored answer of an earlier request with the same idempotency key."
    )
    member_no: str = strawberry.field(description="The customer whose allowance it uses.")
    variant: str | None = strawberry.field(description="The grade at the star held then, where it is graded.")
    beneficiary: redemptions.Beneficiary | None = strawberry.field(
        graphql_type=Beneficiary | None, description="The relative that it was for; null: the customer."
    )
    option: str | None = strawberry.field(description="The option, where the benefit has options.")
    facility: str | None = strawberry.field(description="The facility, where the benefit has several.")
    wished_number: str | None = strawberry.field(description="The wished number, where one was applied for.")
    reference: str | None = strawberry.field(description="The vendor's own reference.")
    occurred_at: datetime = strawberry.field(
        description="When it was booked while held, then when it was delivered."
    )
    recorded_at: datetime = strawberry.field(description="When its first entry was recorded.")
    expires_at: datetime | None = strawberry.field(description="When the hold runs out, or would have.")
    reason: str | None = strawberry.field(description="The reason of its release, no-show or reversal.")
    redemption_id: strawberry.Private[RedemptionId]
    pool: strawberry.Private[PoolKey]
    edition: strawberry.Private[str | None]
    vendor_code: strawberry.Private[str]
    vendor_name: strawberry.Private[str | None]
    counts: strawberry.Private[Counts | None]

    @strawberry.field(description="The benefit.", graphql_type=Benefit)
    def benefit(self, info: Info) -> values.Benefit:
        return benefit_of(info.context.handbook, self.pool.benefit, self.edition)

    @strawberry.field(description="The name of the grade in English; null where no edition has it.")
    def variant_en(self, info: Info) -> str | None:
        return variant_in_english(info.context.handbook, self.pool.benefit, self.variant, self.edition)

    @strawberry.field(
        description="The policy, where the benefit is given per policy; null while a wished number is held."
    )
    def policy(self) -> PolicyReference | None:
        return PolicyReference.of(self.pool.policy_no or None)

    @strawberry.field(description="The vendor that delivers.")
    async def vendor(self, info: Info) -> Vendor:
        if self.vendor_name is not None:
            return Vendor(code=self.vendor_code, name=self.vendor_name)
        view = await info.context.loaders.vendor.load(self.vendor_code)
        return Vendor.of(view) if view is not None else Vendor(code=self.vendor_code, name=self.vendor_code)

    @strawberry.field(
        description="The counts of its quota: right after the mutation in the answer to one, otherwise as of "
        "now (for a past service year: at its end).",
        graphql_type=QuotaCounts,
    )
    async def quota(self, info: Info) -> Counts:
        counts = self.counts
        if counts is None:
            context = info.context
            account = await context.loaders.account.load((self.redemption_id.customer_id, context.today))
            taken = account.taken.get(self.pool, Taken())
            counts = counts_of(account, self.pool, taken, today=context.today, handbook=context.handbook)
        return counts

    @strawberry.field(
        description="The vendor's reports on the hold, in their order.",
        graphql_type=list[Milestone],
    )
    async def milestones(self, info: Info) -> list[Reported]:
        return await info.context.loaders.milestones.load(self.redemption_id)

    @strawberry.field(
        description="The service level of the hold, and whether it is kept. Null: nothing is promised, or it "
        "was redeemed without a hold."
    )
    async def service_level(self, info: Info) -> ServiceLevelClock | None:
        view = await info.context.loaders.clock.load(self.redemption_id)
        return ServiceLevelClock.of(view) if view is not None else None

    @classmethod
    def of(
        cls, view: redemptions.RedemptionView, *, counts: Counts | None = None, replayed: bool = False
    ) -> "Redemption":
        """The redemption as the API shows it, in the answer to a command as in a list; `counts` None: they are read."""
        return cls(
            id=strawberry.ID(view.id.opaque),
            status=view.status,
            units=view.units,
            replayed=replayed,
            member_no=shown(view.member_no),
            variant=view.variant,
            beneficiary=view.beneficiary,
            option=view.option,
            facility=view.facility,
            wished_number=view.wished_number,
            reference=view.reference,
            occurred_at=view.occurred_at,
            recorded_at=view.recorded_at,
            expires_at=view.expires_at,
            reason=view.reason,
            redemption_id=view.id,
            pool=view.pool,
            edition=view.edition,
            vendor_code=view.vendor,
            vendor_name=view.vendor_name,
            counts=counts,
        )

    @classmethod
    def answered(cls, outcome: outcomes.Outcome) -> "Redemption | refusals.Refusal":
        """A command's answer as the API shows it: the redemption as it was right after, or why not."""
        if isinstance(outcome, refusals.Refusal):
            return outcome
        return cls.of(outcome.redemption, counts=outcome.quota, replayed=outcome.replayed)


@strawberry.type(description="A report on a vendor's holds of a benefit with a service level.")
class ServiceLevelReport:
    benefit: values.Benefit = strawberry.field(graphql_type=Benefit, description="The benefit.")
    holds: int = strawberry.field(description="Holds booked on days of the span.")
    on_time: int = strawberry.field(description="All was done in time.")
    late: int = strawberry.field(
        description="Something was done too late, or the hold was released too late."
    )
    open: int = strawberry.field(description="Something is still to be done, and nothing is late.")
    overdue: int = strawberry.field(description="Something is still to be done, and it is too late.")
    ended: int = strawberry.field(
        description="Released before anything fell due or was done: nothing is owed."
    )
    latest_by_working_days: int = strawberry.field(
        description="Of those late or overdue, the greatest lateness in working days; 0: none is late."
    )
    respond: HoldCounts | None = strawberry.field(
        graphql_type=ServiceLevelCounts | None,
        description="Of the promise to answer; null: nothing is promised.",
    )
    arrange: HoldCounts | None = strawberry.field(
        graphql_type=ServiceLevelCounts | None,
        description="Of the promise to arrange; null: nothing is promised.",
    )
    calendar_cites: list[str] = strawberry.field(
        description="The State Council's notices for those years of the deadlines that the operator gave; "
        "years that the calendar ships with are not named."
    )
    vendor_code: strawberry.Private[str]
    benefit_code: strawberry.Private[str]
    days: strawberry.Private[Days]
    years: strawberry.Private[tuple[int, ...]]

    @strawberry.field(
        description="A warning about the figures: years whose public holidays are not known yet. Null: none."
    )
    def warning(self, info: Info) -> str | None:
        return warning(self.years, info.context.language)

    @strawberry.field(
        description=f"The holds that are late or overdue, newest first, `first` from 1 to {LARGEST_PAGE}."
    )
    async def late_redemptions(
        self, info: Info, first: int, after: str | None = None
    ) -> Connection[Redemption]:
        page = (self.days, checked_first(first) + 1, read_position_cursor(after))
        rows = await info.context.loaders.late_holds.load(((self.vendor_code, self.benefit_code), page))
        return connection(
            Page.of(rows, first),
            cursor=lambda row: position_cursor(Position.of(row)),
            node=Redemption.of,
            after=after,
        )

    @classmethod
    def of(cls, report: ServiceReport, days: Days, handbook: Handbook) -> "ServiceLevelReport":
        """A row of the report as the API shows it."""
        total = report.total
        return cls(
            benefit=benefit_of(handbook, report.benefit),
            holds=total.holds,
            on_time=total.on_time,
            late=total.late,
            open=total.open,
            overdue=total.overdue,
            ended=total.ended,
            latest_by_working_days=total.latest_by_working_days,
            respond=report.respond,
            arrange=report.arrange,
            vendor_code=report.vendor,
            benefit_code=report.benefit,
            days=days,
            calendar_cites=list(report.cites),
            years=report.unknown_years,
        )


RedemptionOutcome = Annotated[
    Redemption | Refusal,
    strawberry.union("RedemptionOutcome", description='The redemption, or an expected "no".'),
]
