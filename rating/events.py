"""Events of the history stream: parsed strictly when they come, trusted once they are stored.

The insurer's core system is the only source of a policy's history, so an event is accepted exactly as sent, or refused.
Nothing in it is guessed, rounded or dropped: an unknown field, a number in place of a decimal string, an ambiguous day
are refused with the place and the reason. The field names are part of the published format ("The history stream").

`content` is an event as it was sent, in canonical form; its hash tells a repetition from a changed event. The
time of recording belongs to it only if the sender gave one.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Any, Literal, Self, TypeAlias, get_args

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    ValidationInfo,
    model_validator,
)
from pydantic_core import PydanticCustomError

from handbook.benefits import Relation
from handbook.coefficients import Category, Coverage, Design, Mode
from rating.event_fields import STORED, Day, Identifier, Moment, Name, Premium, TermYears
from rating.unreadable import EventError as EventError  # noqa: PLC0414 - what `parse_event` raises is found here too
from rating.unreadable import event_error, not_utf8

BASE_COMPONENT = "base"
"""The component that comes with the policy itself."""


class Line(StrEnum):
    """Who bought the policy. Group policies never count (decoded, section 1)."""

    INDIVIDUAL = "individual"
    GROUP = "group"


class _Event(BaseModel):
    """The fields of every event: its id, its customer, its effective day, and when it was recorded."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    event_id: Identifier
    member_no: Identifier
    effective_on: Day
    recorded_at: Moment | None = None


class CustomerRegistered(_Event):
    """A customer (policyholder) is registered, or gets a new name."""

    type: Literal["customer_registered"] = "customer_registered"
    name: Name


class RelativeRegistered(_Event):
    """A relative is registered, or gets a new name or relation."""

    type: Literal["relative_registered"] = "relative_registered"
    relative_id: Identifier
    name: Name
    relation: Relation


class _PolicyEvent(_Event):
    """What happens to one policy of the customer."""

    policy_no: Identifier


class _Instalments(_PolicyEvent):
    """A premium paid once (`single`) or in instalments over a payment term."""

    mode: Mode
    premium: Premium
    term_years: TermYears | None = None

    @model_validator(mode="after")
    def _term_fits_mode(self, info: ValidationInfo) -> "_Instalments":
        if info.context is STORED:
            return self
        if self.mode is Mode.SINGLE and self.term_years is not None:
            raise PydanticCustomError("term_of_single", "a single premium has no term")
        if self.mode is not Mode.SINGLE and self.term_years is None:
            raise PydanticCustomError("term_missing", "an instalment needs a term")
        return self


class PolicyIssued(_Instalments):
    """A policy comes into force; its first component is `base`."""

    type: Literal["policy_issued"] = "policy_issued"
    line: Line
    coverage: Coverage
    category: Category
    design: Design
    cooling_off_ends_on: Day | None = None
    received_on: Day | None = None


class PremiumIncreased(_Instalments):
    """加保: a component of its own."""

    type: Literal["premium_increased"] = "premium_increased"
    component_id: Identifier


class RiderAdded(_Instalments):
    """新增附加险: a component of its own; its product class is the policy's by default."""

    type: Literal["rider_added"] = "rider_added"
    component_id: Identifier
    category: Category | None = None
    design: Design | None = None


class TopUpPaid(_PolicyEvent):
    """追加投资: a single premium of the policy's product class."""

    type: Literal["top_up_paid"] = "top_up_paid"
    component_id: Identifier
    premium: Premium


class PremiumReduced(_PolicyEvent):
    """减保: `premium` is the new instalment from that day on."""

    type: Literal["premium_reduced"] = "premium_reduced"
    component_id: Identifier
    premium: Premium


class ComponentEnded(_PolicyEvent):
    """A component no longer counts from that day on."""

    type: Literal["component_ended"] = "component_ended"
    component_id: Identifier


class Renewed(_PolicyEvent):
    """One more year of a one-year policy, beginning that day."""

    type: Literal["renewed"] = "renewed"


class CoolingOffCancelled(_PolicyEvent):
    """犹豫期退保."""

    type: Literal["cooling_off_cancelled"] = "cooling_off_cancelled"


class Surrendered(_PolicyEvent):
    """退保."""

    type: Literal["surrendered"] = "surrendered"


class Lapsed(_PolicyEvent):
    """失效."""

    type: Literal["lapsed"] = "lapsed"


class Reinstated(_PolicyEvent):
    """复效."""

    type: Literal["reinstated"] = "reinstated"


class ReducedPaidUp(_PolicyEvent):
    """减额交清."""

    type: Literal["reduced_paid_up"] = "reduced_paid_up"


class PremiumWaived(_PolicyEvent):
    """豁免保费."""

    type: Literal["premium_waived"] = "premium_waived"


class Terminated(_PolicyEvent):
    """终止."""

    type: Literal["terminated"] = "terminated"


RegistrationEvent: TypeAlias = CustomerRegistered | RelativeRegistered
ComponentEvent: TypeAlias = PremiumIncreased | RiderAdded | TopUpPaid | PremiumReduced | ComponentEnded
StatusEvent: TypeAlias = (
    CoolingOffCancelled | Surrendered | Lapsed | Reinstated | ReducedPaidUp | PremiumWaived | Terminated
)
LifeEvent: TypeAlias = PolicyIssued | ComponentEvent | Renewed | StatusEvent
PolicyEvent: TypeAlias = RegistrationEvent | LifeEvent

EVENT_TYPES: Mapping[str, type[PolicyEvent]] = {
    model.model_fields["type"].default: model
    for model in (*get_args(RegistrationEvent), *get_args(LifeEvent))
}
"""Every event type of the stream, by its name."""

_ADAPTER: TypeAdapter[PolicyEvent] = TypeAdapter(Annotated[PolicyEvent, Field(discriminator="type")])


def parse_event(source: Mapping[str, Any]) -> PolicyEvent:
    """Read one event; days and amounts may also be given as `date`, aware `datetime` and `Decimal`.

    Raises EventError with the place (a field name) and the reason.
    """
    try:
        return _ADAPTER.validate_python(source)
    except ValidationError as error:
        raise event_error(error) from None


def parse_line(line: bytes) -> PolicyEvent:
    """Read one event from a line of JSON in UTF-8. Raises EventError."""
    try:
        return _ADAPTER.validate_json(line)
    except ValidationError as error:
        raise not_utf8(line) or event_error(error) from None


def stored_event(text: str | bytes) -> PolicyEvent:
    """Return the event of a content that was stored: it was checked when it came, and is not checked again."""
    return _ADAPTER.validate_json(text, context=STORED)


def content(event: PolicyEvent) -> dict[str, object]:
    """Return the event as the sender gave it, as plain JSON values in canonical form, without absent fields.

    `parse_event(content(event)) == event`.
    """
    return event.model_dump(mode="json", exclude_none=True)


def content_text(event: PolicyEvent) -> bytes:
    """Return the content as JSON in UTF-8."""
    return event.model_dump_json(exclude_none=True).encode()


def content_hash(text: bytes) -> bytes:
    """Return the SHA-256 of a content's text.

    Equal hashes prove a repetition. Different ones prove nothing (a later version of this program may write the same
    content differently): then `differing_fields` of the contents decides.
    """
    return hashlib.sha256(text).digest()


@dataclass(frozen=True, kw_only=True)
class SentEvent:
    """An event as it came, with its content's text and the hash of that: all are made once, when it comes.

    Where it is passed on by its text, it is read again when it is first needed. `registers`: it registers a customer.
    """

    event_id: str
    member_no: str
    text: bytes
    hash: bytes
    registers: bool

    @classmethod
    def of(cls, event: PolicyEvent) -> Self:
        """The event, with its text and hash made now."""
        text = content_text(event)
        sent = cls(
            event_id=event.event_id,
            member_no=event.member_no,
            text=text,
            hash=content_hash(text),
            registers=isinstance(event, CustomerRegistered),
        )
        sent.__dict__["event"] = event
        return sent

    def __getstate__(self) -> dict[str, object]:
        """Pass it on by its text."""
        return {name: value for name, value in self.__dict__.items() if name != "event"}

    @cached_property
    def event(self) -> PolicyEvent:
        """The event itself."""
        return stored_event(self.text)


def differing_fields(one: Mapping[str, object], other: Mapping[str, object]) -> tuple[str, ...]:
    """Return the names of the fields in which two contents differ, sorted."""
    return tuple(sorted(field for field in one.keys() | other.keys() if one.get(field) != other.get(field)))
