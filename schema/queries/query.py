"""The root type of queries."""

import strawberry

from schema.queries.audit_events import AuditEventQueries
from schema.queries.customers import CustomerQueries
from schema.queries.edition_changes import EditionChangeQueries
from schema.queries.editions import EditionQueries
from schema.queries.eligibility import EligibilityQueries
from schema.queries.entries import EntryQueries
from schema.queries.node import NodeQueries
from schema.queries.periods import PeriodQueries
from schema.queries.programme import ProgrammeQueries
from schema.queries.redemptions import RedemptionQueries
from schema.queries.statements import StatementQueries
from schema.queries.usage import UsageQueries
from schema.queries.vendors import VendorQueries


@strawberry.type(description="Questions. The value of `Role` says what each role may read.")
class Query(
    AuditEventQueries,
    CustomerQueries,
    EditionChangeQueries,
    EditionQueries,
    EligibilityQueries,
    EntryQueries,
    NodeQueries,
    PeriodQueries,
    ProgrammeQueries,
    RedemptionQueries,
    UsageQueries,
    StatementQueries,
    VendorQueries,
):
    """All queries."""
