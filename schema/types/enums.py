"""The codes of the API: the enumerations of the packages below, each value with its meaning.

Names are upper case here; the history stream spells its own in lower case. A value without a meaning stops the start.
"""

from collections.abc import Mapping
from enum import Enum

import strawberry
from strawberry.types.enum import StrawberryEnumDefinition

from handbook import Category, Coverage, Days, Design, Mode, Per, PremiumBase, Relation, Unit
from ledger.entitlement.relations import RELATION_WORDS
from ledger.posting.entries import EntryKind, RedemptionStatus
from ledger.reconciliation.kinds import kind_words
from ledger.reconciliation.values import Action, FindingKind, Pass
from ledger.reconciliation.views import PeriodStatus, StatementStatus
from ledger.refusals import RefusalCode
from ledger.reports.usage import UsageGroup
from ledger.service_levels.clock import ServiceStanding
from ledger.service_levels.milestones import MilestoneKind
from rating.contributions import REASON_WORDS, Reason
from rating.events import Line
from rating.history import Kind
from rating.lifecycle import STATUS_WORDS, Status
from schema.context import Role

# Enumerations are imported from here after publishing, so that no type can use one before.
__all__ = [
    "Action",
    "Category",
    "Coverage",
    "Days",
    "Design",
    "EntryKind",
    "FindingKind",
    "Kind",
    "Line",
    "MilestoneKind",
    "Mode",
    "Pass",
    "Per",
    "PeriodStatus",
    "PremiumBase",
    "Reason",
    "RedemptionStatus",
    "RefusalCode",
    "Relation",
    "Role",
    "ServiceStanding",
    "StatementStatus",
    "Status",
    "Unit",
    "UsageGroup",
]


def _publish(enum: type[Enum], meaning: str, values: Mapping[str, str], name: str | None = None) -> None:
    """Make an enumeration of the packages below one of the API's."""
    strawberry.enum(enum, name=name, description=meaning)
    definition: StrawberryEnumDefinition = vars(enum)["__strawberry_definition__"]
    for value in definition.values:
        value.description = values[value.name]


_publish(
    Role,
    "What a token lets its bearer do.",
    {
        "FRONTEND": "Reads what members may see, of any customer or, bound to a member number, of that one only.",
        "VENDOR": "Serves customers: looks one up, holds, redeems; reads its own redemptions and statements.",
        "FINANCE": "Reads customers, the ledger and vendors; reconciles statements, closes periods; may reverse.",
        "OPERATIONS": "Records policy events, registers vendors, reads everything.",
        "AUDITOR": "Reads everything, changes nothing.",
    },
)
_publish(
    Unit,
    "What an allowance counts.",
    {"TIMES": "Uses.", "MINUTES": "Minutes."},
    name="AllowanceUnit",
)
_publish(
    Per,
    "The scope of an allowance: it is given once for each.",
    {
        "SERVICE_YEAR": "Each service year of the customer.",
        "MEMBERSHIP": "The whole membership.",
        "POLICY": "Each eligible policy.",
    },
    name="AllowancePer",
)
_publish(
    Days,
    "The days on which something is served.",
    {"DAILY": "Every day.", "WORKING_DAYS": "On Chinese working days."},
    name="ServiceDays",
)
_publish(
    PremiumBase,
    "The premium that a coefficient multiplies.",
    {
        "ANNUALISED_PREMIUM": "What the instalments of a year add up to.",
        "SINGLE_PREMIUM": "The premium paid once.",
    },
)
_publish(
    Line,
    "Who bought a policy.",
    {"INDIVIDUAL": "A person.", "GROUP": "A group: such policies never count."},
    name="PolicyLine",
)
_publish(
    Coverage,
    "How long a policy covers.",
    {
        "LONG": "More than one year.",
        "ONE_YEAR": "One year, renewable.",
        "UNDER_ONE_YEAR": "Less than one year: such policies never count.",
    },
    name="PolicyCoverage",
)
_publish(
    Category,
    "What a policy insures.",
    {
        "WHOLE_LIFE": "Whole life 终身寿险.",
        "TERM_LIFE": "Term life 定期寿险.",
        "ANNUITY": "Annuity 年金.",
        "CRITICAL_ILLNESS": "Critical illness 重疾.",
        "ENDOWMENT": "Endowment 两全.",
        "MEDICAL": "Medical 医疗.",
        "ACCIDENT": "Accident 意外.",
        "OTHER": "Anything else.",
    },
    name="PolicyCategory",
)
_publish(
    Design,
    "How a policy shares in profits.",
    {
        "TRADITIONAL": "Not at all 传统.",
        "PARTICIPATING": "Dividends 分红.",
        "UNIVERSAL": "Universal life 万能.",
    },
    name="PolicyDesign",
)
_publish(
    Mode,
    "How a premium is paid.",
    {
        "ANNUAL": "Once a year.",
        "SEMI_ANNUAL": "Twice a year.",
        "QUARTERLY": "Four times a year.",
        "MONTHLY": "Twelve times a year.",
        "SINGLE": "A single premium.",
    },
    name="PremiumMode",
)
_publish(
    Status,
    "The status of a policy on a day.",
    {status.name: f"{words.en.capitalize()} {words.zh}." for status, words in STATUS_WORDS.items()},
    name="PolicyStatus",
)
_publish(
    Kind,
    "The origin of a premium component.",
    {
        "BASE": "The policy's own.",
        "INCREASE": "Premium increase 加保.",
        "RIDER": "New rider 新增附加险.",
        "TOP_UP": "Top-up investment 追加投资.",
    },
    name="ComponentKind",
)
_publish(
    Reason,
    "Why a premium component counts on a day, or why not.",
    {reason.name: f"{words.en.capitalize()} {words.zh}." for reason, words in REASON_WORDS.items()},
    name="ContributionReason",
)
_publish(
    Relation,
    "What a relative is to the customer. Which of them are immediate family 直系亲属 is the edition's to say: see "
    "`HandbookSettings.immediateFamily`.",
    {relation.name: f"{words.en.capitalize()} {words.zh}." for relation, words in RELATION_WORDS.items()},
)
_publish(
    EntryKind,
    "The kind of an entry.",
    {
        "GRANT": "Units were granted: issued → available.",
        "REVOKE": "Unused units were revoked: available → issued.",
        "HOLD": "Units were held for an appointment: available → held.",
        "REDEEM": "Units were delivered by a vendor: available or held → used.",
        "RELEASE": "Held units were released: held → available.",
        "EXPIRE_HOLD": "A hold ran out: held → available.",
        "NO_SHOW": "The customer did not come: held → used.",
        "REVERSE": "A delivery, or a no-show reported by mistake, was reversed: used → available.",
        "EXPIRE": "The service year ended: available → lapsed.",
    },
)
_publish(
    RedemptionStatus,
    "The status of a redemption.",
    {
        "HELD": "Units are held.",
        "REDEEMED": "Delivered.",
        "RELEASED": "The hold was released.",
        "EXPIRED": "The hold ran out.",
        "NO_SHOW": "The customer did not come; the units count as used.",
        "REVERSED": "A delivery, or a no-show reported by mistake, that was reversed.",
    },
)
_publish(
    MilestoneKind,
    "A vendor's report on a hold before its delivery.",
    {"RESPONDED": "The customer was answered.", "ARRANGED": "An appointment was arranged."},
)
_publish(
    ServiceStanding,
    "Whether the service level of a hold was kept.",
    {
        "ON_TIME": "It was done in time.",
        "LATE": "It was done too late; or the hold was released after the deadline without it.",
        "OPEN": "It is not done; there is still time.",
        "OVERDUE": "It is not done, and it is too late; also when the hold has run out.",
        "ENDED": "The hold was released in time: nothing is owed.",
    },
    name="ServiceLevelStatus",
)
_publish(
    UsageGroup,
    "What a report of usage may be grouped by.",
    {
        "VENDOR": "The vendor.",
        "BENEFIT": "The benefit.",
        "VARIANT": "The grade of the benefit, where it is graded.",
        "STAR": "The star that the use was judged by.",
        "DAY": "The day of delivery.",
        "MONTH": "The month of delivery.",
    },
)
_publish(
    FindingKind,
    "The kind of a finding: on a line of a statement, a delivery, or a pair of both.",
    {kind.name: kind_words(kind).meaning for kind in FindingKind},
)
_publish(
    Action,
    "A decision on a finding.",
    {
        "MATCH": "The line is matched by hand with a delivery, and paid as far as both bear it out.",
        "ACCEPT": "The finding stands: what both the statement and the ledger support is paid.",
        "DISPUTE": "Nothing is paid; when the period is closed, it is carried forward to a later one.",
        "REOPEN": "A decision is taken back: it is matched anew, and waits again.",
    },
    name="FindingAction",
)
_publish(
    Pass,
    "How a line and a delivery came together, in the order in which it is tried.",
    {
        "REFERENCE": "By reference, member and benefit.",
        "EXACT": "By member, benefit, date and units.",
        "TOLERANCE": "By member, benefit and units; the date within the vendor's tolerance.",
        "UNITS": "By member, benefit and date, where just one fits each way.",
        "HAND": "By a person.",
    },
    name="MatchPass",
)
_publish(
    StatementStatus,
    "Where a statement stands.",
    {
        "OPEN": "Its period is open.",
        "CLOSED": "Its period is closed: nothing changes any more.",
        "WITHDRAWN": "It was taken back: its lines count no more.",
    },
)
_publish(
    PeriodStatus,
    "Whether a vendor's month may still change.",
    {"OPEN": "It may.", "CLOSED": "It is settled: what comes later belongs to a later period."},
)
_publish(
    RefusalCode,
    "Why something was refused. Act on the code; show the message.",
    {
        "UNKNOWN_CUSTOMER": "No customer has this member number.",
        "NOT_A_MEMBER": "The customer has no star.",
        "TIER_TOO_LOW": "The customer's star does not have the benefit: see `requiredStar`.",
        "QUOTA_EXHAUSTED": "Not enough units are left.",
        "WAITING_PERIOD": "The waiting period is not over: see `availableFrom`.",
        "BENEFICIARY_NOT_COVERED": "The benefit is not for this person.",
        "EVIDENCE_MISSING": "Documents are needed: see `missing`.",
        "POLICY_REQUIRED": "The benefit is given per policy: name one.",
        "POLICY_NOT_ELIGIBLE": "The policy named does not carry the benefit.",
        "WISHED_NUMBER_REQUIRED": "A wished number is required, in the form that the message says.",
        "OPTION_REQUIRED": "One of the benefit's options must be chosen.",
        "FACILITY_REQUIRED": "One of the benefit's facilities must be chosen.",
        "UNKNOWN_BENEFIT": "No benefit has this code.",
        "VENDOR_NOT_CONTRACTED": "The vendor has no contract for the benefit on the day.",
        "OUTSIDE_SERVICE_HOURS": "It is not served at that time: the message says the hours and the next opening.",
        "UNITS_INVALID": "The number of units is out of range, or is missing where minutes are counted.",
        "OCCURRED_IN_FUTURE": "The use is in the future.",
        "OCCURRED_TOO_LONG_AGO": "The use lies too far back to be posted.",
        "HOLD_NOT_OPEN": "The hold is no longer open.",
        "NOT_REDEEMED": "Only a delivery or a no-show can be reversed.",
        "ALREADY_REVERSED": "It was reversed before.",
        "UNKNOWN_REDEMPTION": "There is no such redemption of this vendor.",
        "KEY_REUSED": "The idempotency key, or the number of the statement, was used for something else: see "
        "`differing`.",
        "PERIOD_CLOSED": "The accounting period is closed.",
        "UNKNOWN_STATEMENT": "There is no such statement of this vendor.",
        "UNKNOWN_FINDING": "There is no such finding, or no longer.",
        "ALREADY_MATCHED": "Another line has this redemption: first match that line with another one, or reopen it.",
        "FINDINGS_OPEN": "Findings wait for a decision: the message names them.",
        "LIFE_CYCLE": "The policy's life cycle does not allow the event.",
        "EVENT_CHANGED": "The event id was used for another event: see `differing`.",
        "INVALID": "The request is malformed: the message says where.",
        "BUSY": "Another transaction has locked the customer or vendor, and nothing was decided: retry under "
        "the same key after `retryAfter` seconds.",
        "RATE_LIMITED": "The vendor's budget for looking up member numbers is used up: retry after `retryAfter` "
        "seconds.",
    },
)
