"""Recording what vendors posted for a member: holds, deliveries, and what followed.

A vendor posts at a moment of the day; the event happened shortly before, or some days before for late postings. A
follow-up refers to its redemption by the key of the first command, as the id is not known yet.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random

from demo.contracts import VENDOR_OF
from handbook import Handbook
from handbook.dates import start_of
from ledger.commands import (
    Command,
    Confirm,
    Evidence,
    Hold,
    NoShow,
    Redeem,
    Release,
    Reverse,
    finance_actor,
    vendor_actor,
)
from ledger.entitlement.opening import is_open, next_opening
from ledger.ids import RedemptionId

POSTING_TIMES = (timedelta(hours=11, minutes=30), timedelta(hours=17, minutes=45), timedelta(hours=21))
"""When in the day vendors post."""

_FINANCE = "finance"
_UNKNOWN_YET = RedemptionId(0, 0)
TICKETS = {"exam-1": "TJ", "dental-1": "YC", "assist-1": "AY"}
"""How each vendor's own numbers begin."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A command and the moment at which it is posted; a follow-up is `about` the key of the redemption it means."""

    at: datetime
    command: Command
    about: str | None = None


class Diary:
    """The calls for one member. Days are business days; a call is known afterwards by its key.

    Benefits with service hours are used within them: at the last opening before a moment outside of them.
    """

    def __init__(self, member_no: str, rng: Random, handbook: Handbook) -> None:
        self.member_no = member_no
        self._handbook = handbook
        self.calls: list[Call] = []
        self._rng = rng
        self._vendors: dict[str, str] = {}

    def redeem(
        self,
        benefit: str,
        day: date,
        *,
        units: int = 1,
        beneficiary: str | None = None,
        option: str | None = None,
        facility: str | None = None,
        policy_no: str | None = None,
        evidence: str | None = None,
        diagnosed_on: date | None = None,
        posted_later_days: int = 0,
        vendor: str | None = None,
    ) -> str:
        """A delivery on `day`, posted that day or later; returns its key."""
        posted = day + timedelta(days=posted_later_days)
        at = self._posting_time(posted)
        happened = self._shortly_before(start_of(day) + (at - start_of(posted)))
        key, vendor = self._key(vendor or VENDOR_OF[benefit])
        command = Redeem(
            vendor=vendor,
            member_no=self.member_no,
            benefit=benefit,
            key=key,
            units=units,
            beneficiary=beneficiary,
            option=option,
            facility=facility,
            policy_no=policy_no,
            evidence=self._papers(evidence, diagnosed_on),
            occurred_at=self._while_open(benefit, happened),
            reference=self._ticket(vendor, day),
        )
        self.calls.append(Call(at=at, command=command))
        return key

    def hold(
        self,
        benefit: str,
        day: date,
        *,
        units: int = 1,
        beneficiary: str | None = None,
        option: str | None = None,
        facility: str | None = None,
        wished_number: str | None = None,
        evidence: str | None = None,
        diagnosed_on: date | None = None,
        hours: int | None = None,
    ) -> str:
        """A hold made on `day` that lasts for `hours`; returns its key."""
        key, vendor = self._key(VENDOR_OF[benefit])
        command = Hold(
            vendor=vendor,
            member_no=self.member_no,
            benefit=benefit,
            key=key,
            units=units,
            beneficiary=beneficiary,
            option=option,
            facility=facility,
            wished_number=wished_number,
            evidence=self._papers(evidence, diagnosed_on),
            reference=self._ticket(vendor, day),
            hold_hours=hours,
        )
        self.calls.append(Call(at=self._posting_time(day), command=command))
        return key

    def confirm(
        self, about: str, day: date, *, units: int | None = None, policy_no: str | None = None
    ) -> None:
        """The hold is delivered, all or `units` of it; a wished number with the issued policy."""
        at = self._posting_time(day)
        key, vendor = self._key(self._vendors[about])
        command = Confirm(
            actor=vendor_actor(vendor),
            redemption=_UNKNOWN_YET,
            key=key,
            units=units,
            policy_no=policy_no,
            occurred_at=self._shortly_before(at),
        )
        self.calls.append(Call(at=at, command=command, about=about))

    def release(self, about: str, day: date, reason: str) -> None:
        """The appointment is cancelled."""
        self._close(Release, about, day, reason)

    def no_show(self, about: str, day: date, reason: str) -> None:
        """The member did not come."""
        self._close(NoShow, about, day, reason)

    def reverse(self, about: str, day: date, reason: str, *, by_finance: bool = False) -> None:
        """The delivery is taken back, by its vendor or by finance."""
        self._close(Reverse, about, day, reason, by_finance=by_finance)

    def send_again(self, about: str) -> None:
        """The vendor got no answer, and retries."""
        first = next(call for call in self.calls if call.command.key == about)
        self.calls.append(Call(at=first.at, command=first.command, about=first.about))

    def _close(
        self, kind: type[Release], about: str, day: date, reason: str, *, by_finance: bool = False
    ) -> None:
        key, vendor = self._key(self._vendors[about])
        actor = finance_actor(_FINANCE) if by_finance else vendor_actor(vendor)
        command = kind(actor=actor, redemption=_UNKNOWN_YET, key=key, reason=reason)
        self.calls.append(Call(at=self._posting_time(day), command=command, about=about))

    def _key(self, vendor: str) -> tuple[str, str]:
        key = f"{vendor}/{self.member_no}/{len(self._vendors) + 1:03d}"
        self._vendors[key] = vendor
        return key, vendor

    def _ticket(self, vendor: str, day: date) -> str:
        return f"{TICKETS[vendor]}{day:%y%m%d}{self.member_no[1:]}{len(self._vendors):02d}"

    def _papers(self, kind: str | None, diagnosed_on: date | None) -> tuple[Evidence, ...]:
        if kind is None:
            return ()
        reference = f"DOC-{self.member_no[1:]}-{len(self._vendors):02d}"
        return (Evidence(kind=kind, reference=reference, diagnosed_on=diagnosed_on),)

    def _while_open(self, benefit: str, moment: datetime) -> datetime:
        """The moment itself while the service is open, else one soon after the last time that it opened."""
        edition = self._handbook.on(moment.date())
        known = edition.benefit(benefit) if edition is not None else None
        calendar = self._handbook.calendar
        if known is None or known.hours is None or is_open(known.hours, moment, calendar):
            return moment
        back = moment
        while (opened := next_opening(known.hours, back, calendar)) > moment:
            back -= timedelta(days=1)
        return opened + timedelta(minutes=moment.minute + 5)

    def _posting_time(self, day: date) -> datetime:
        return start_of(day) + self._rng.choice(POSTING_TIMES)

    def _shortly_before(self, moment: datetime) -> datetime:
        return moment - timedelta(minutes=self._rng.randrange(5, 120))
