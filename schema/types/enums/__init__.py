"""The codes of the API: the enumerations of the packages below, each value with its meaning.

Names are upper case here; the history stream spells its own in lower case. A value without a meaning does not
type-check. Enumerations are imported from here, once they are published, so that no type can use one before.
"""

from schema.types.enums.benefits import Days, Per, Unit
from schema.types.enums.people import Relation, Role
from schema.types.enums.policies import (
    Category,
    Coverage,
    Design,
    Kind,
    Line,
    Mode,
    PremiumBase,
    Reason,
    Status,
)
from schema.types.enums.redemptions import (
    EntryKind,
    MilestoneKind,
    RedemptionStatus,
    RefusalCode,
    ServiceStanding,
    UsageGroup,
)
from schema.types.enums.statements import (
    Action,
    BridgeStepKind,
    FindingKind,
    Pass,
    PeriodStatus,
    StatementStatus,
)

__all__ = [
    "Action",
    "BridgeStepKind",
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
