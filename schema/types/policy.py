"""Policies, from the insurer's events. Read straight off `rating.customers`."""

from datetime import date
from decimal import Decimal

import strawberry

from rating import customers, history
from schema.context import Info
from schema.types.enums import Category, Coverage, Design, Kind, Line, Mode, Status


@strawberry.type(description="A policy, by its number.")
class PolicyReference:
    policy_no: str = strawberry.field(description="Its number, unique for the customer.")

    @classmethod
    def of(cls, policy_no: str | None) -> "PolicyReference | None":
        """The reference, or None without a number."""
        return cls(policy_no=policy_no) if policy_no is not None else None


@strawberry.type(description="A premium with its own mode, payment term and start.")
class PolicyComponent:
    component_id: str = strawberry.field(
        description='Names it within its policy; "base" came with the policy.'
    )
    kind: Kind = strawberry.field(description="Its origin.")
    mode: Mode = strawberry.field(description="How it is paid.")
    term_years: int | None = strawberry.field(description="Payment term in years; null for a single premium.")
    starts_on: date = strawberry.field(description="First day.")

    @strawberry.field(
        description="One instalment, or the single premium, in CNY, on a day (default: today); before its first "
        "day: the first."
    )
    @staticmethod
    def premium(
        component: strawberry.Parent[history.Component], info: Info, on: date | None = None
    ) -> Decimal:
        return component.premium_on(on or info.context.today)


@strawberry.type(description="A policy of the customer.")
class Policy:
    policy_no: str = strawberry.field(description="Its number, unique for the customer.")
    line: Line = strawberry.field(description="Whether a person or a group bought it.")
    coverage: Coverage = strawberry.field(description="How long it covers.")
    category: Category = strawberry.field(description="What it insures.")
    design: Design = strawberry.field(description="How it shares in profits.")
    issued_on: date = strawberry.field(description="First day.")
    cooling_off_ends_on: date | None = strawberry.field(
        description="Last day of the cooling-off period 犹豫期 (inclusive); null: there is none."
    )
    components: list[PolicyComponent] = strawberry.field(description="Its premiums, in the order they began.")

    @strawberry.field(description="Its status on a day (default: today); null before its first day.")
    @staticmethod
    def status(
        policy: strawberry.Parent[customers.PolicyRow], info: Info, on: date | None = None
    ) -> Status | None:
        return policy.status_on(on or info.context.today)
