"""The commands of vendors and finance, as values, and the checks that need nothing but the command itself.

`subject` is the token's subject: it is stored with what is posted, and is not part of the request.

`malformed` needs neither state nor edition: what it refuses is never stored, so the sender may correct the request and
use its idempotency key again.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime
from typing import ClassVar, get_args
from unicodedata import category

from ledger.ids import RedemptionId
from ledger.refusals import Refusal, RefusalCode, invalid
from rating.event_fields import EARLIEST_YEAR, LATEST_YEAR

_FINANCE = "finance"

_LONGEST_TEXT = 200
_MOST_EVIDENCE = 20
_LARGEST_INTEGER = 2**31 - 1
"""The limit of the column and the API; the edition's maximum is checked by the rules."""
_NOT_TEXT = frozenset({"Cc", "Cs"})
"""Control characters, and halves of characters, which no database takes."""
_NOT_COMPARED = frozenset({"key", "actor", "vendor", "member_no", "subject"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A document that a benefit asks for: its kind (as in the edition) and where the vendor keeps it.

    `diagnosed_on`: the day of the diagnosis that it shows, where the benefit asks for that.
    """

    kind: str
    reference: str
    diagnosed_on: date | None = None

    @property
    def stored(self) -> tuple[str, ...]:
        """What is stored of it: kind, reference, and the day of the diagnosis if it was given."""
        told = (self.diagnosed_on.isoformat(),) if self.diagnosed_on is not None else ()
        return (self.kind, self.reference, *told)


@dataclass(frozen=True, slots=True, kw_only=True)
class Redeem:
    """A vendor delivered `units` of a benefit to a customer, or to a relative, at `occurred_at` (None: now).

    `units` are times or minutes, as the benefit counts; None: not given. `policy_no`, `option`, `facility` and
    `wished_number` where the benefit needs one.
    """

    operation: ClassVar[str] = "redeem"

    vendor: str
    member_no: str
    benefit: str
    key: str
    units: int | None = None
    option: str | None = None
    facility: str | None = None
    policy_no: str | None = None
    wished_number: str | None = None
    beneficiary: str | None = None
    evidence: tuple[Evidence, ...] = ()
    occurred_at: datetime | None = None
    reference: str | None = None
    subject: str | None = None

    @property
    def actor(self) -> str:
        """The actor in whose scope the idempotency key is."""
        return vendor_actor(self.vendor)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold(Redeem):
    """A vendor books an appointment: the units are held for `hold_hours`.

    None: as long as the benefit's service level takes, else the edition's default.
    """

    operation: ClassVar[str] = "hold"

    hold_hours: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirm:
    """A hold is delivered: `units` of it (None: all), the rest is released.

    `policy_no`: the policy that was issued, where a number was held for one to come.
    """

    operation: ClassVar[str] = "confirm"

    actor: str
    redemption: RedemptionId
    key: str
    units: int | None = None
    policy_no: str | None = None
    occurred_at: datetime | None = None
    evidence: tuple[Evidence, ...] = ()
    subject: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """The appointment is cancelled: the units are available again."""

    operation: ClassVar[str] = "release"

    actor: str
    redemption: RedemptionId
    key: str
    reason: str | None = None
    subject: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NoShow(Release):
    """The customer did not come: the units count as used."""

    operation: ClassVar[str] = "noShow"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reverse(Release):
    """A delivery, or a mistaken no-show, is reversed for `reason`: the units return to their pool."""

    operation: ClassVar[str] = "reverse"


@dataclass(frozen=True, slots=True, kw_only=True)
class Respond:
    """The vendor answered the customer about a hold, at `occurred_at` (None: now). It moves no units."""

    operation: ClassVar[str] = "respond"

    actor: str
    redemption: RedemptionId
    key: str
    occurred_at: datetime | None = None
    subject: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrange(Respond):
    """The vendor arranged what was held, for `appointment_at`. It moves no units."""

    operation: ClassVar[str] = "arrange"

    appointment_at: datetime


Taking = Redeem | Hold
"""Commands that take units of a benefit."""
_TAKES_UNITS = frozenset({Redeem.operation, Hold.operation})
FollowUp = Confirm | Release | NoShow | Reverse | Respond | Arrange
"""Commands about a redemption that exists."""
Command = Taking | FollowUp


def vendor_actor(vendor: str) -> str:
    """The actor of a vendor."""
    return f"vendor:{vendor}"


def finance_actor(subject: str | None) -> str:
    """The actor of somebody of finance, who may only reverse: keys are each person's or system's own.

    Outcomes from before that was so have the actor `finance`.
    """
    return f"{_FINANCE}:{subject or ''}"


def is_finance(actor: str) -> bool:
    """Whether somebody of finance acts."""
    return actor.partition(":")[0] == _FINANCE


def diagnoses(evidence: Iterable[Evidence]) -> tuple[tuple[str, date], ...]:
    """The days of diagnosis given with the evidence, each with the kind of its document."""
    return tuple((item.kind, item.diagnosed_on) for item in evidence if item.diagnosed_on is not None)


def canonical_request(command: Command) -> dict[str, object]:
    """The request in canonical form, every field of it: must be equal when an idempotency key is used again."""
    request: dict[str, object] = {"operation": command.operation}
    for name in _COMPARED[type(command)]:
        value = getattr(command, name)
        if isinstance(value, RedemptionId):
            value = value.opaque
        elif isinstance(value, datetime):
            value = value.astimezone(UTC).isoformat()
        elif isinstance(value, tuple):
            value = sorted(list(item.stored) for item in value)
        request[name] = value
    return request


def differing_fields(stored: dict[str, object], asked: dict[str, object]) -> tuple[str, ...]:
    """The names, as the API spells them, of the fields in which a request differs from the stored one of its key."""
    names = sorted({*stored, *asked})
    # Versions before facilities stored 1 where units were absent: only requests stored by them may match that way.
    earlier = asked["operation"] in _TAKES_UNITS and "facility" not in stored
    if earlier and asked["units"] is None and stored.get("units") == 1:
        names.remove("units")
    # A command without evidence equals one that has no such field.
    return tuple(api_name(name) for name in names if (stored.get(name) or None) != (asked.get(name) or None))


def malformed(command: Command) -> Refusal | None:
    """What is wrong with the request by itself, or None."""
    for name, value in _texts(command):
        problem = _text_problem(value)
        if problem is not None:
            return invalid(f"{name} {problem[0]}", f"{name} {problem[1]}")
    if isinstance(command, Reverse) and not command.reason:
        return invalid("冲正须说明原因（reason）", "reason is needed to reverse")
    if len(getattr(command, "evidence", ())) > _MOST_EVIDENCE:
        return invalid(f"证明材料最多 {_MOST_EVIDENCE} 份", f"at most {_MOST_EVIDENCE} pieces of evidence")
    for name in ("occurred_at", "appointment_at"):
        moment = getattr(command, name, None)
        if moment is not None and (
            moment.utcoffset() is None or not EARLIEST_YEAR <= moment.year <= LATEST_YEAR
        ):
            return invalid(
                f"{api_name(name)} 须带时区，年份在 {EARLIEST_YEAR} 至 {LATEST_YEAR} 之间",
                f"{api_name(name)} must have an offset and lie between the years {EARLIEST_YEAR} and {LATEST_YEAR}",
            )
    units = getattr(command, "units", None)
    if units is not None and not 1 <= units <= _LARGEST_INTEGER:
        return Refusal(
            code=RefusalCode.UNITS_INVALID,
            wording="least" if units < 1 else "",
            facts={"units": units, "most": _LARGEST_INTEGER},
        )
    hours = getattr(command, "hold_hours", None)
    if hours is not None and hours < 1:
        return invalid(f"holdHours 至少为 1，收到 {hours}", f"holdHours must be at least 1; got {hours}")
    return too_many_hours(hours, _LARGEST_INTEGER)


def too_many_hours(hours: int | None, most: int) -> Refusal | None:
    """Why a hold may not last so many hours, or None."""
    if hours is None or hours <= most:
        return None
    return invalid(
        f"holdHours 须为 1 至 {most}，收到 {hours}", f"holdHours must be from 1 to {most}; got {hours}"
    )


def _texts(command: Command) -> Iterator[tuple[str, str]]:
    """The texts of a command with their names as the API spells them."""
    for name, told in _NAMED[type(command)]:
        value = getattr(command, name)
        if isinstance(value, str):
            yield told, value
    for item in getattr(command, "evidence", ()):
        yield "evidence.kind", item.kind
        yield "evidence.reference", item.reference


def _text_problem(value: str) -> tuple[str, str] | None:
    if not value.strip():
        return "不能为空", "must not be empty"
    if len(value) > _LONGEST_TEXT:
        return (
            f"最长 {_LONGEST_TEXT} 个字符，收到 {len(value)} 个",
            f"must have at most {_LONGEST_TEXT} characters; got {len(value)}",
        )
    if not value.isprintable() and any(category(character) in _NOT_TEXT for character in value):
        return "含有控制字符", "must not contain control characters"
    return None


def api_name(name: str) -> str:
    """Return a field's name as the API spells it."""
    if name == "key":
        return "idempotencyKey"
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)


_KINDS: tuple[type[Command], ...] = get_args(Command)
_COMPARED = {
    kind: tuple(each.name for each in fields(kind) if each.name not in _NOT_COMPARED) for kind in _KINDS
}
"""By kind of command the fields that make up its request."""
_NAMED = {
    kind: tuple((each.name, api_name(each.name)) for each in fields(kind) if each.name != "subject")
    for kind in _KINDS
}
"""By kind of command the fields that may hold a text of the caller's, each with its name in the API."""
