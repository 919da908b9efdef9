"""Entries, redemptions, service levels and refusals, each value with its meaning."""

from typing import assert_never

from ledger.posting.entries import EntryKind, RedemptionStatus
from ledger.refusal_codes import RefusalCode, message_of
from ledger.reports.usage import UsageGroup
from ledger.service_levels.clock import ServiceStanding
from ledger.service_levels.milestones import MilestoneKind
from schema.types.enums.publishing import published

__all__ = ["EntryKind", "MilestoneKind", "RedemptionStatus", "RefusalCode", "ServiceStanding", "UsageGroup"]


@published(EntryKind, "The kind of an entry.")
def _entry_kind(entry_kind: EntryKind) -> str:  # noqa: PLR0911 (one case for each value)
    match entry_kind:
        case EntryKind.GRANT:
            return "Units were granted: issued → available."
        case EntryKind.REVOKE:
            return "Unused units were revoked: available → issued."
        case EntryKind.HOLD:
            return "Units were held for an appointment: available → held."
        case EntryKind.REDEEM:
            return "Units were delivered by a vendor: available or held → used."
        case EntryKind.RELEASE:
            return "Held units were released: held → available."
        case EntryKind.EXPIRE_HOLD:
            return "A hold ran out: held → available."
        case EntryKind.NO_SHOW:
            return "The customer did not come: held → used."
        case EntryKind.REVERSE:
            return "A delivery, or a no-show reported by mistake, was reversed: used → available."
        case EntryKind.EXPIRE:
            return "The service year ended: available → lapsed."
        case _:
            assert_never(entry_kind)


@published(RedemptionStatus, "The status of a redemption.")
def _redemption_status(redemption_status: RedemptionStatus) -> str:
    match redemption_status:
        case RedemptionStatus.HELD:
            return "Units are held."
        case RedemptionStatus.REDEEMED:
            return "Delivered."
        case RedemptionStatus.RELEASED:
            return "The hold was released."
        case RedemptionStatus.EXPIRED:
            return "The hold ran out."
        case RedemptionStatus.NO_SHOW:
            return "The customer did not come; the units count as used."
        case RedemptionStatus.REVERSED:
            return "A delivery, or a no-show reported by mistake, that was reversed."
        case _:
            assert_never(redemption_status)


@published(MilestoneKind, "A vendor's report on a hold before its delivery.")
def _milestone_kind(milestone_kind: MilestoneKind) -> str:
    match milestone_kind:
        case MilestoneKind.RESPONDED:
            return "The customer was answered."
        case MilestoneKind.ARRANGED:
            return "An appointment was arranged."
        case _:
            assert_never(milestone_kind)


@published(ServiceStanding, "Whether the service level of a hold was kept.", name="ServiceLevelStatus")
def _service_standing(service_standing: ServiceStanding) -> str:
    match service_standing:
        case ServiceStanding.ON_TIME:
            return "It was done in time."
        case ServiceStanding.LATE:
            return "It was done too late; or the hold was released after the deadline without it."
        case ServiceStanding.OPEN:
            return "It is not done; there is still time."
        case ServiceStanding.OVERDUE:
            return "It is not done, and it is too late; also when the hold has run out."
        case ServiceStanding.ENDED:
            return "The hold was released in time: nothing is owed."
        case _:
            assert_never(service_standing)


@published(UsageGroup, "What a report of usage may be grouped by.")
def _usage_group(usage_group: UsageGroup) -> str:
    match usage_group:
        case UsageGroup.VENDOR:
            return "The vendor."
        case UsageGroup.BENEFIT:
            return "The benefit."
        case UsageGroup.VARIANT:
            return "The grade of the benefit, where it is graded."
        case UsageGroup.STAR:
            return "The star that the use was judged by."
        case UsageGroup.DAY:
            return "The day of delivery."
        case UsageGroup.MONTH:
            return "The month of delivery."
        case _:
            assert_never(usage_group)


@published(RefusalCode, "Why something was refused. Act on the code; show the message.")
def _refusal_code(refusal_code: RefusalCode) -> str:
    return message_of(refusal_code).meaning
