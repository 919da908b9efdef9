"""A redemption: as the ledger stores it, and as it is shown.

Commands decide on a `Redemption`. Answers to commands and pages that are read are made of `RedemptionView`s alike: what
a vendor is told at once is what it reads later.
"""

from dataclasses import dataclass
from datetime import datetime

from handbook import Relation
from ledger.entitlement.account import PoolKey
from ledger.ids import RedemptionId
from ledger.posting.entries import RedemptionStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Beneficiary:
    """The relative that a benefit was for."""

    relative_id: str
    name: str
    relation: Relation


@dataclass(frozen=True, slots=True, kw_only=True)
class RedemptionView:
    """A redemption as it is shown, people by name. `occurred_at` is the hold's while held, then the delivery's.

    `edition` is the one that it was judged by; None too in an answer that was stored before answers told it.
    `vendor_name` None: nobody has looked it up.
    """

    id: RedemptionId
    member_no: str
    status: RedemptionStatus
    units: int
    pool: PoolKey
    variant: str | None
    beneficiary: Beneficiary | None
    option: str | None
    facility: str | None = None
    wished_number: str | None = None
    vendor: str
    vendor_name: str | None = None
    reference: str | None
    edition: str | None
    occurred_at: datetime
    recorded_at: datetime
    expires_at: datetime | None
    reason: str | None

    @property
    def name(self) -> str:
        """What people call it and type: the member number, and the sequence of its first entry."""
        return f"{self.member_no}-{self.id.sequence}"

    @property
    def benefit(self) -> str:
        """The code of the benefit."""
        return self.pool.benefit

    @property
    def policy_no(self) -> str | None:
        """For which policy, where the benefit is given per policy."""
        return self.pool.policy_no or None


@dataclass(frozen=True, slots=True, kw_only=True)
class Redemption:
    """A redemption as the cache holds it. `occurred_at` is the hold's while held, then the delivery's.

    `reversed_no_show`: what was reversed was a no-show, so nothing was ever delivered.
    Each piece of evidence is its kind, its reference and, if given, the day of the diagnosis.
    """

    id: RedemptionId
    status: RedemptionStatus
    pool: PoolKey
    variant: str | None
    service_year: int
    option: str | None
    facility: str | None = None
    wished_number: str | None = None
    beneficiary: str | None
    vendor: str
    units: int
    reference: str | None
    evidence: tuple[tuple[str, ...], ...]
    star: int
    edition: str | None
    occurred_at: datetime
    recorded_at: datetime
    expires_at: datetime | None
    reason: str | None = None
    reversed_no_show: bool = False

    def status_at(self, now: datetime) -> RedemptionStatus:
        """The status, a hold that has run out counted as expired whether or not that is posted yet."""
        if self.status is RedemptionStatus.HELD and self.expires_at is not None and self.expires_at <= now:
            return RedemptionStatus.EXPIRED
        return self.status

    def shown(self, *, member_no: str, beneficiary: Beneficiary | None) -> RedemptionView:
        """The redemption as it is shown; `beneficiary` is the relative whom it names."""
        return RedemptionView(
            id=self.id,
            member_no=member_no,
            status=self.status,
            units=self.units,
            pool=self.pool,
            variant=self.variant,
            beneficiary=beneficiary,
            option=self.option,
            facility=self.facility,
            wished_number=self.wished_number,
            vendor=self.vendor,
            reference=self.reference,
            edition=self.edition,
            occurred_at=self.occurred_at,
            recorded_at=self.recorded_at,
            expires_at=self.expires_at,
            reason=self.reason,
        )
