"""Inputs that several mutations share, as commands of the ledger."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date, datetime
from functools import partial
from typing import TypeVar

import strawberry

from ledger.commands import Evidence, FollowUp, Hold, Redeem, Release, vendor_actor
from ledger.ids import RedemptionId
from ledger.refusals import Refusal, RefusalCode, invalid
from schema.mutations.building import built_by_plan

_Taking = TypeVar("_Taking", bound=Redeem)


@built_by_plan
@strawberry.input(description="A document that a benefit asks for.")
class EvidenceInput:
    kind: str = strawberry.field(description="Its kind, as in the benefit's `evidence`.")
    reference: str = strawberry.field(description="Where the vendor keeps it.")
    diagnosed_on: date | None = strawberry.field(
        default=None,
        description="The day of the first diagnosis that it shows, where the benefit is for an illness that began "
        "after the waiting period.",
    )


@built_by_plan
@strawberry.input(description="Units of a benefit for a customer.")
class RedeemInput:
    member_no: str = strawberry.field(description="The customer.")
    benefit: str = strawberry.field(description="The code of the benefit.")
    idempotency_key: str = strawberry.field(
        description="Chosen by the vendor, one for each intent, for this customer: the same request with the "
        "same key takes effect once, and gets the same answer each time. 1 to 200 printable characters."
    )
    units: int | None = strawberry.field(
        default=None,
        description="How many, in the unit that the benefit counts. Absent: one time; minutes are required.",
    )
    option: str | None = strawberry.field(
        default=None, description="The choice, where the benefit has options."
    )
    facility: str | None = strawberry.field(
        default=None, description="The facility, where the benefit has several."
    )
    policy_no: str | None = strawberry.field(
        default=None, description="The policy, where the benefit is given per policy."
    )
    wished_number: str | None = strawberry.field(
        default=None,
        description="For `hold` of lucky-policy-number: the wished number, for a future policy. The policy is "
        "named at `confirm`.",
    )
    beneficiary: strawberry.ID | None = strawberry.field(
        default=None, description="The relative's id; absent: the customer."
    )
    evidence: list[EvidenceInput] | None = strawberry.field(
        default=None, description="The documents that the benefit asks for."
    )
    occurred_at: datetime | None = strawberry.field(
        default=None,
        description="When it was delivered or booked; default: now. Not in the future, and not too long ago.",
    )
    reference: str | None = strawberry.field(default=None, description="The vendor's own reference.")
    hold_hours: int | None = strawberry.field(
        default=None,
        description="For how long to hold, in hours from now; for `hold` only. Default: to the end of the day by which "
        "the benefit's service level promises an answer and an arrangement; without one as long as the edition says.",
    )

    def redeem(self, vendor: str) -> Redeem | Refusal:
        """The command to redeem."""
        if self.hold_hours is not None:
            return invalid("holdHours 仅用于 hold", "holdHours is for hold only")
        return self._taking(Redeem, vendor)

    def hold(self, vendor: str) -> Hold:
        """The command to hold."""
        return replace(self._taking(Hold, vendor), hold_hours=self.hold_hours)

    def _taking(self, kind: type[_Taking], vendor: str) -> _Taking:
        return kind(
            vendor=vendor,
            member_no=self.member_no,
            benefit=self.benefit,
            key=self.idempotency_key,
            units=self.units,
            option=self.option,
            facility=self.facility,
            wished_number=self.wished_number,
            policy_no=self.policy_no,
            beneficiary=self.beneficiary,
            evidence=evidence(self.evidence),
            occurred_at=self.occurred_at,
            reference=self.reference,
        )


@strawberry.input(description="An appointment that ends without delivery.")
class CloseHoldInput:
    redemption: strawberry.ID = strawberry.field(description="The id of the hold.")
    idempotency_key: str = strawberry.field(description="Chosen by the vendor, one for each intent.")
    reason: str | None = strawberry.field(default=None, description="The reason.")

    def command(self, kind: type[Release], vendor: str) -> FollowUp | Refusal:
        """The command to end the hold in one way."""
        build = partial(kind, actor=vendor_actor(vendor), key=self.idempotency_key, reason=self.reason)
        return about(self.redemption, build)


def evidence(given: Iterable[EvidenceInput] | None) -> tuple[Evidence, ...]:
    """The documents as the ledger takes them."""
    return tuple(
        Evidence(kind=each.kind, reference=each.reference, diagnosed_on=each.diagnosed_on)
        for each in given or ()
    )


def about(redemption: str, build: Callable[..., FollowUp]) -> FollowUp | Refusal:
    """The command that `build` makes for a redemption; UNKNOWN_REDEMPTION for a malformed id."""
    parsed = RedemptionId.parse(redemption)
    return build(redemption=parsed) if parsed is not None else Refusal(code=RefusalCode.UNKNOWN_REDEMPTION)
