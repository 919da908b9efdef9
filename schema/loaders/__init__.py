"""One loader a file: what many rows of an answer ask for is read once, set-based, whatever the number of rows.

Loaders live for one request, and their pool is not the journal's: none of them reads inside a transaction.
"""

from dataclasses import dataclass, field
from datetime import date, datetime

from strawberry.dataloader import DataLoader

from handbook import Handbook
from ledger.account import Account
from ledger.entitlement import Term
from ledger.ids import RedemptionId
from ledger.reconciliation.reading import FindingView, StatementView
from ledger.reports import EntryRow, RedemptionRow, UsageRow
from ledger.service_levels.milestones import Milestone
from ledger.service_levels.reading import ClockView, ServiceReport
from ledger.vendors import VendorView
from rating.database import Pool
from rating.history import History
from rating.reading import PolicyRow, RelativeRow
from rating.taking import Stored
from rating.tiers import Rating
from schema.loaders.account import account_loader
from schema.loaders.contract import contract_loader
from schema.loaders.entries import EntriesKey, entries_loader
from schema.loaders.event_bodies import Body, event_bodies_loader
from schema.loaders.findings import FindingsKey, findings_loader
from schema.loaders.history import history_loader
from schema.loaders.policies import policies_loader
from schema.loaders.rating import rating_loader
from schema.loaders.relatives import relatives_loader
from schema.loaders.service_levels import (
    LateKey,
    ReportKey,
    clock_loader,
    late_loader,
    milestones_loader,
    report_loader,
)
from schema.loaders.statement import statement_loader
from schema.loaders.stored import stored_loader
from schema.loaders.usage import UsageKey, usage_loader
from schema.loaders.vendor import vendor_loader


@dataclass(slots=True, kw_only=True)
class Loaders:
    """The loaders of one request. Keys of customers are their internal ids; `now` is the moment of the request."""

    pool: Pool
    handbook: Handbook
    now: datetime
    account: DataLoader[tuple[int, date], Account] = field(init=False)
    contract: DataLoader[str, tuple[Term, ...]] = field(init=False)
    entries: DataLoader[EntriesKey, list[EntryRow]] = field(init=False)
    event_bodies: DataLoader[str, Body | None] = field(init=False)
    clock: DataLoader[RedemptionId, ClockView | None] = field(init=False)
    late_holds: DataLoader[LateKey, list[RedemptionRow]] = field(init=False)
    milestones: DataLoader[RedemptionId, list[Milestone]] = field(init=False)
    service_reports: DataLoader[ReportKey, list[ServiceReport]] = field(init=False)
    findings: DataLoader[FindingsKey, list[FindingView]] = field(init=False)
    history: DataLoader[tuple[int, datetime | None], History] = field(init=False)
    policies: DataLoader[int, list[PolicyRow]] = field(init=False)
    rating: DataLoader[tuple[int, datetime | None], Rating] = field(init=False)
    relatives: DataLoader[int, list[RelativeRow]] = field(init=False)
    statement: DataLoader[int, StatementView | None] = field(init=False)
    stored: DataLoader[int, Stored] = field(init=False)
    usage: DataLoader[UsageKey, list[UsageRow]] = field(init=False)
    vendor: DataLoader[str, VendorView | None] = field(init=False)

    def __post_init__(self) -> None:
        self.account = account_loader(self.pool, self.now)
        self.contract = contract_loader(self.pool)
        self.entries = entries_loader(self.pool, self.now)
        self.event_bodies = event_bodies_loader(self.pool)
        self.clock = clock_loader(self.pool, self.handbook, self.now)
        self.late_holds = late_loader(self.pool, self.handbook, self.now)
        self.milestones = milestones_loader(self.pool)
        self.service_reports = report_loader(self.pool, self.handbook, self.now)
        self.findings = findings_loader(self.pool, self.now)
        self.history = history_loader(self.pool)
        self.policies = policies_loader(self.pool)
        self.rating = rating_loader(self.pool)
        self.relatives = relatives_loader(self.pool)
        self.statement = statement_loader(self.pool)
        self.stored = stored_loader(self.pool)
        self.usage = usage_loader(self.pool)
        self.vendor = vendor_loader(self.pool)
