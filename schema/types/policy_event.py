"""Policy events as the API takes them: the history stream's events, the field named after the type instead of `type`.

An event is turned into the stream's own spelling and read by `rating.events`, so that both ways in take the same
events and refuse them for the same reasons.
"""

from dataclasses import fields, replace
from datetime import date, datetime
from decimal import Decimal

import strawberry
from strawberry.utils.str_converters import to_camel_case

from ledger.refusals import Refusal, invalid
from rating.events import EventError, PolicyEvent, parse_event
from schema.types.enums import Category, Coverage, Design, Line, Mode, Relation

_ENVELOPE = ("event_id", "member_no", "effective_on", "recorded_at")


@strawberry.input(description="A customer is registered, or gets a new name.")
class CustomerRegisteredInput:
    name: str = strawberry.field(description="The name.")


@strawberry.input(description="A relative is registered, or gets a new name or relation.")
class RelativeRegisteredInput:
    relative_id: strawberry.ID = strawberry.field(description="The relative's id, unique for the customer.")
    name: str = strawberry.field(description="The name.")
    relation: Relation = strawberry.field(description="The relation to the customer.")


@strawberry.input(description="A policy comes into force; its first component is `base`.")
class PolicyIssuedInput:
    policy_no: str = strawberry.field(description="Unique for the customer.")
    line: Line = strawberry.field(description="Whether a person or a group bought it.")
    coverage: Coverage = strawberry.field(description="How long it covers.")
    category: Category = strawberry.field(description="What it insures.")
    design: Design = strawberry.field(description="How it shares in profits.")
    mode: Mode = strawberry.field(description="How the premium is paid.")
    premium: Decimal = strawberry.field(
        description="One instalment, or the single premium, in CNY, at most 2 places; 0 for a gift policy."
    )
    term_years: int | None = strawberry.field(
        default=None, description="Payment term in years; absent for a single premium."
    )
    cooling_off_ends_on: date | None = strawberry.field(
        default=None,
        description="Last day of the cooling-off period (inclusive), not before the issue; default: by the handbook.",
    )
    received_on: date | None = strawberry.field(
        default=None, description="When the customer received the policy; not before the issue."
    )


@strawberry.input(description="Premium increase 加保: a component of its own.")
class PremiumIncreasedInput:
    policy_no: str = strawberry.field(description="The number of the policy.")
    component_id: str = strawberry.field(description="The new component; unused on its policy.")
    mode: Mode = strawberry.field(description="How it is paid.")
    premium: Decimal = strawberry.field(
        description="One instalment, or the single premium, in CNY, at most 2 places; 0 for a gift policy."
    )
    term_years: int | None = strawberry.field(
        default=None, description="Payment term in years; absent for a single premium."
    )


@strawberry.input(description="New rider 新增附加险: a component of its own.")
class RiderAddedInput(PremiumIncreasedInput):
    category: Category | None = strawberry.field(default=None, description="Default: the policy's.")
    design: Design | None = strawberry.field(default=None, description="Default: the policy's.")


@strawberry.input(description="Top-up investment 追加投资: a single premium of the policy's product class.")
class TopUpPaidInput:
    policy_no: str = strawberry.field(description="The number of the policy.")
    component_id: str = strawberry.field(description="The new component; unused on its policy.")
    premium: Decimal = strawberry.field(description="In CNY, 0 or more, at most 2 places.")


@strawberry.input(description="Reduced premium 减保.")
class PremiumReducedInput:
    policy_no: str = strawberry.field(description="The number of the policy.")
    component_id: str = strawberry.field(description="The id of the component.")
    premium: Decimal = strawberry.field(
        description="The new instalment, in CNY, at most 2 places; not above the one in force then."
    )


@strawberry.input(description="A component no longer counts.")
class ComponentEndedInput:
    policy_no: str = strawberry.field(description="The number of the policy.")
    component_id: str = strawberry.field(description="The id of the component.")


@strawberry.input(description="An event of a policy as a whole.")
class PolicyNamedInput:
    policy_no: str = strawberry.field(description="The number of the policy.")


@strawberry.input(
    description="One event of a customer's history. Exactly one of the fields after `recordedAt` is given: the one "
    "named after what happened."
)
class PolicyEventInput:
    event_id: str = strawberry.field(
        description="The sender's, unique over all customers: the same event again changes nothing."
    )
    member_no: str = strawberry.field(description="The member number.")
    effective_on: date = strawberry.field(description="The first day of its effect.")
    recorded_at: datetime | None = strawberry.field(
        default=None, description="When the sender recorded it, not in the future; default: now."
    )
    customer_registered: CustomerRegisteredInput | None = strawberry.field(
        default=None, description="The customer is registered, or gets a new name."
    )
    relative_registered: RelativeRegisteredInput | None = strawberry.field(
        default=None, description="A relative is registered."
    )
    policy_issued: PolicyIssuedInput | None = strawberry.field(
        default=None, description="A policy comes into force."
    )
    premium_increased: PremiumIncreasedInput | None = strawberry.field(default=None, description="加保.")
    rider_added: RiderAddedInput | None = strawberry.field(default=None, description="新增附加险.")
    top_up_paid: TopUpPaidInput | None = strawberry.field(default=None, description="追加投资.")
    premium_reduced: PremiumReducedInput | None = strawberry.field(default=None, description="减保.")
    component_ended: ComponentEndedInput | None = strawberry.field(
        default=None, description="A component no longer counts."
    )
    renewed: PolicyNamedInput | None = strawberry.field(
        default=None, description="One more year of a one-year policy, beginning that day."
    )
    cooling_off_cancelled: PolicyNamedInput | None = strawberry.field(default=None, description="犹豫期退保.")
    surrendered: PolicyNamedInput | None = strawberry.field(default=None, description="退保.")
    lapsed: PolicyNamedInput | None = strawberry.field(default=None, description="失效.")
    reinstated: PolicyNamedInput | None = strawberry.field(default=None, description="复效.")
    reduced_paid_up: PolicyNamedInput | None = strawberry.field(default=None, description="减额交清.")
    premium_waived: PolicyNamedInput | None = strawberry.field(default=None, description="豁免保费.")
    terminated: PolicyNamedInput | None = strawberry.field(default=None, description="终止.")

    def event(self) -> PolicyEvent | Refusal:
        """The event, or why it cannot be one."""
        told = {each.name: getattr(self, each.name) for each in fields(self)}
        given = [name for name, value in told.items() if name not in _ENVELOPE and value is not None]
        if len(given) != 1:
            return invalid(
                f"一个事件须且只须给出一项事件内容，收到 {len(given)} 项",
                f"an event has exactly one field named after what happened; got {len(given)}",
            )
        (happened,) = given
        source = {name: told[name] for name in _ENVELOPE} | vars(told[happened]) | {"type": happened}
        try:
            return parse_event({name: value for name, value in source.items() if value is not None})
        except EventError as error:
            place = to_camel_case(error.place)
            return invalid(f"{place}：{error.words.zh}", f"{place}: {error.words.en}")


def spelled(refusal: Refusal) -> Refusal:
    """The refusal of an event, with the stream's field names as the API spells them."""
    return replace(refusal, differing=tuple(map(to_camel_case, refusal.differing)))
