"""A customer: each field is read through a loader, so that a page of them costs as many queries as one."""

from collections.abc import Awaitable, Sequence
from datetime import date, datetime
from typing import Annotated

import strawberry

from ledger.entitlement import account as accounts
from ledger.entitlement.family import covered_relatives
from ledger.ids import opaque_id
from ledger.quotas import quota as ledger_quota
from ledger.quotas.card import card_on
from rating import history
from rating.activations import handbook_explaining, handbook_explaining_at_once
from rating.customers import CustomerRow, PolicyRow
from rating.tiers import Rating, history_between
from rating.timeline import StarSpan
from schema.connections import (
    LARGEST_LEDGER_PAGE,
    Connection,
    Page,
    checked_first,
    connection,
    read_sequence_cursor,
    sequence_cursor,
)
from schema.context import Context, Info, Role, Viewer
from schema.disclosure import shown
from schema.errors import BadInputError
from schema.loaders.page import NOTHING, ReadBefore
from schema.permissions import check_contracted, shown_name
from schema.types.entry import Entry
from schema.types.node import Node
from schema.types.person import Relative
from schema.types.policy import Policy
from schema.types.policy_event import PolicyEventInput
from schema.types.quota import Quota
from schema.types.service_year import ServiceYear
from schema.types.tier import Tier, TierOn, TierPeriod
from schema.types.what_if import MOST_EVENTS, WhatIf, what_if


@strawberry.type(description="A customer of the insurer: the policyholder 投保人.")
class Customer(Node):
    member_no: str = strawberry.field(description="The member number.")
    name: str = strawberry.field(description="The name; vendors see its first character and **.")
    customer_id: strawberry.Private[int]
    account: strawberry.Private[accounts.Account | None] = None
    """As of today, where it was read with the page."""
    rating: strawberry.Private[Rating | None] = None
    """As known now, where it was read with the page."""

    @strawberry.field(
        description="The tier on a day (default: today; future days as scheduled), as known at a moment (default: "
        "now): before later events arrived, and by the edition of then.",
        graphql_type=Tier,
    )
    def tier(
        self, info: Info, on: date | None = None, known_at: datetime | None = None
    ) -> TierOn | Awaitable[TierOn]:
        context = info.context
        day = on or context.today
        if self.rating is not None and known_at is None:
            handbook = handbook_explaining_at_once(context.handbooks, self.rating)
            if handbook is not None:
                return TierOn(rating=self.rating, day=day, handbook=handbook, customer_id=self.customer_id)
        return self._tier_later(context, day, known_at)

    async def _tier_later(self, context: Context, day: date, known_at: datetime | None) -> TierOn:
        rating = await context.loaders.rating.load((self.customer_id, known_at))
        handbook = await handbook_explaining(context.pool, context.handbooks, rating, known_at)
        return TierOn(
            rating=rating, day=day, handbook=handbook, customer_id=self.customer_id, known_at=known_at
        )

    @strawberry.field(
        description="Star and rated premium on the days [from, to), as known now, ascending.",
        graphql_type=list[TierPeriod],
    )
    async def tier_history(
        self, info: Info, from_: Annotated[date, strawberry.argument(name="from")], to: date
    ) -> Sequence[StarSpan]:
        if to < from_:
            raise BadInputError("to: expected a day not before from.")
        rating = await info.context.loaders.rating.load((self.customer_id, None))
        return history_between(rating.spans, from_, to)

    @strawberry.field(
        description="The service year that a day (default: today) lies in; null if none has begun by then.",
        graphql_type=ServiceYear | None,
    )
    async def service_year(self, info: Info, on: date | None = None) -> accounts.ServiceYear | None:
        today = info.context.today
        account = self.account or await info.context.loaders.account.load((self.customer_id, today))
        return account.service_year(on or today)

    @strawberry.field(
        description="Every service year that has begun, ascending.", graphql_type=list[ServiceYear]
    )
    async def service_years(self, info: Info) -> Sequence[accounts.ServiceYear]:
        today = info.context.today
        account = self.account or await info.context.loaders.account.load((self.customer_id, today))
        return account.service_years(today)

    @strawberry.field(
        description="What may be used of every benefit on a day (default: today), in printed order. A benefit given "
        "per policy has a quota for each eligible policy; lucky-policy-number has one without policy, for open "
        "applications and the next number, and one for each policy that has a number. Vendors see the benefits "
        "of their contract. "
        "For a past day, `used` and `held` are as of its end; `remaining`, `entitled` and `refusal` apply to a "
        "use of that day that is posted now, so later uses and reversals count.",
        graphql_type=list[Quota],
    )
    def quotas(
        self, info: Info, on: date | None = None
    ) -> Sequence[ledger_quota.Quota] | Awaitable[Sequence[ledger_quota.Quota]]:
        context = info.context
        day = on or context.today
        account = self.account if day == context.today else None
        if account is None or _is_vendor(context):
            return self._quotas_later(context, account, day)
        return card_on(account, day, context.handbook, day)

    async def _quotas_later(
        self, context: Context, account: accounts.Account | None, day: date
    ) -> Sequence[ledger_quota.Quota]:
        if account is None:
            account = await context.loaders.account.load((self.customer_id, day))
        quotas = card_on(account, day, context.handbook, context.today)
        contracted = await _contracted(context, day)
        if contracted is None:
            return quotas
        return [quota for quota in quotas if quota.benefit.code in contracted]

    @strawberry.field(
        description="The customer's ledger, newest first; of one service year, or (default) of all. "
        f"`first` from 1 to {LARGEST_LEDGER_PAGE}."
    )
    async def entries(
        self, info: Info, first: int, service_year: int | None = None, after: str | None = None
    ) -> Connection[Entry]:
        checked_first(first, LARGEST_LEDGER_PAGE)
        page = (service_year, first + 1, read_sequence_cursor(after))
        rows = await info.context.loaders.entries.load((self.customer_id, page))
        return connection(
            Page.of(rows, first), cursor=lambda row: sequence_cursor(row.sequence), node=Entry.of, after=after
        )

    @strawberry.field(
        description="The policies, as known now, in the order of their issue.", graphql_type=list[Policy]
    )
    async def policies(self, info: Info) -> list[PolicyRow]:
        return await info.context.loaders.policies.load(self.customer_id)

    @strawberry.field(
        description="The relatives registered, as known now. With `benefit` those whom it may serve today: immediate "
        "family if the family shares it, else nobody. A vendor must name a benefit of its contract.",
        graphql_type=list[Relative],
    )
    async def relatives(
        self,
        info: Info,
        benefit: Annotated[
            str | None, strawberry.argument(description="The code of the benefit; absent: all relatives.")
        ] = None,
    ) -> list[history.Relative]:
        context = info.context
        viewer, today = context.viewer, context.today
        contracted = await _contracted(context, today)
        if viewer is not None and contracted is not None:
            check_contracted(viewer.vendor or "", benefit, contracted)
        rows = await context.loaders.relatives.load(self.customer_id)
        if benefit is not None:
            edition = context.handbook.on(today)
            if edition is None or edition.benefit(benefit) is None:
                known = ", ".join(each.code for each in edition.benefits) if edition is not None else "none"
                raise BadInputError(f"benefit: there is no benefit {benefit}; the codes today are: {known}.")
            covered = covered_relatives(rows, benefit, today, context.handbook)
            return [each for each in rows if each.relative_id in covered]
        return rows

    @strawberry.field(
        description="Tier and quotas with these hypothetical events (at most "
        f"{MOST_EVENTS}, in this order, after all that is recorded), or in another edition, on a day (default: today; "
        "with an edition whose first day is ahead, that day). The events are judged like real ones, and nothing is "
        "written. Another edition, which may be a candidate, is for operations and auditors."
    )
    async def what_if(
        self,
        info: Info,
        events: list[PolicyEventInput] | None = None,
        edition: str | None = None,
        on: date | None = None,
    ) -> WhatIf:
        return await what_if(info.context, self.customer_id, self.member_no, events or (), edition, on)

    @classmethod
    def of(cls, row: CustomerRow, viewer: Viewer | None, before: ReadBefore = NOTHING) -> "Customer":
        """The customer as the viewer may see it, with what was read of it before."""
        return cls(
            id=strawberry.ID(opaque_id("Customer", row.id)),
            member_no=shown(row.member_no),
            name=shown_name(viewer, row.name),
            customer_id=row.id,
            account=before.accounts.get(row.id),
            rating=before.ratings.get(row.id),
        )


async def _contracted(context: Context, day: date) -> frozenset[str] | None:
    """The benefits that a vendor may see quotas of; None for everybody else: all."""
    viewer = context.viewer
    if viewer is None or not _is_vendor(context):
        return None
    view = await context.loaders.vendor.load(viewer.vendor or "")
    return view.benefits_on(day) if view is not None else frozenset()


def _is_vendor(context: Context) -> bool:
    return context.viewer is not None and context.viewer.role is Role.VENDOR
