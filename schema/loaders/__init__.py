"""Data loaders, one a file: what many rows of an answer need is read in one set-based query.

Loaders live for one request, and their pool is not the journal's: none of them reads inside a transaction.
"""

from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property

from strawberry.dataloader import DataLoader

from base.database import Pool
from handbook import Handbook
from ledger.entitlement.account import Account
from ledger.entitlement.terms import Term
from ledger.ids import RedemptionId
from ledger.posting.redemptions import RedemptionView
from ledger.reconciliation.reading import FindingView, StatementView
from ledger.reconciliation.values import StatementLine
from ledger.reports.pages import EntryRow, UsageRow
from ledger.reports.service_levels import ClockView, ServiceReport
from ledger.service_levels.milestones import Milestone
from ledger.vendors.registry import VendorView
from rating.customers import PolicyRow
from rating.history import History, Relative
from rating.intake import Stored
from rating.tiers import Rating
from schema.loaders.account import account_loader
from schema.loaders.contract import contract_loader
from schema.loaders.entries import EntriesKey, entries_loader
from schema.loaders.event_bodies import Body, event_bodies_loader
from schema.loaders.findings import FindingsKey, findings_loader
from schema.loaders.history import history_loader
from schema.loaders.policies import policies_loader
from schema.loaders.rating import rating_loader
from schema.loaders.redemption import redemption_loader
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
from schema.loaders.statement_line import statement_line_loader
from schema.loaders.stored import stored_loader
from schema.loaders.usage import UsageKey, usage_loader
from schema.loaders.vendor import vendor_loader


@dataclass(kw_only=True)
class Loaders:
    """The loaders of one request. Keys of customers are their internal ids; `now` is the moment of the request.

    Each is made when it is first asked for: most requests need two or three, and a request that is refused needs none.
    """

    pool: Pool
    handbook: Handbook
    now: datetime

    @cached_property
    def account(self) -> DataLoader[tuple[int, date], Account]:
        """Accounts by customer and business day."""
        return account_loader(self.pool, self.now)

    @cached_property
    def contract(self) -> DataLoader[str, tuple[Term, ...]]:
        """Terms by vendor."""
        return contract_loader(self.pool)

    @cached_property
    def entries(self) -> DataLoader[EntriesKey, list[EntryRow]]:
        """Pages of entries."""
        return entries_loader(self.pool, self.now)

    @cached_property
    def event_bodies(self) -> DataLoader[str, Body | None]:
        """Bodies of policy events by event id."""
        return event_bodies_loader(self.pool)

    @cached_property
    def clock(self) -> DataLoader[RedemptionId, ClockView | None]:
        """Clocks of service levels by redemption."""
        return clock_loader(self.pool, self.handbook, self.now)

    @cached_property
    def late_holds(self) -> DataLoader[LateKey, list[RedemptionView]]:
        """Pages of late holds by vendor and benefit."""
        return late_loader(self.pool, self.handbook, self.now)

    @cached_property
    def redemption(self) -> DataLoader[RedemptionId, RedemptionView | None]:
        """Redemptions by id."""
        return redemption_loader(self.pool, self.now)

    @cached_property
    def statement_line(self) -> DataLoader[tuple[int, int], StatementLine | None]:
        """Lines by the key of their statement and their number."""
        return statement_line_loader(self.pool)

    @cached_property
    def milestones(self) -> DataLoader[RedemptionId, list[Milestone]]:
        """Milestones by redemption."""
        return milestones_loader(self.pool)

    @cached_property
    def service_reports(self) -> DataLoader[ReportKey, list[ServiceReport]]:
        """Reports on service levels by vendor and span of days."""
        return report_loader(self.pool, self.handbook, self.now)

    @cached_property
    def findings(self) -> DataLoader[FindingsKey, list[FindingView]]:
        """Pages of findings of statements."""
        return findings_loader(self.pool, self.now)

    @cached_property
    def history(self) -> DataLoader[tuple[int, datetime | None], History]:
        """Histories by customer, as known at a moment."""
        return history_loader(self.pool)

    @cached_property
    def policies(self) -> DataLoader[int, list[PolicyRow]]:
        """Policies by customer."""
        return policies_loader(self.pool)

    @cached_property
    def rating(self) -> DataLoader[tuple[int, datetime | None], Rating]:
        """Ratings by customer, as known at a moment."""
        return rating_loader(self.pool)

    @cached_property
    def relatives(self) -> DataLoader[int, list[Relative]]:
        """Relatives by customer."""
        return relatives_loader(self.pool)

    @cached_property
    def statement(self) -> DataLoader[int, StatementView | None]:
        """Statements by id."""
        return statement_loader(self.pool)

    @cached_property
    def stored(self) -> DataLoader[int, Stored]:
        """Recorded events by customer."""
        return stored_loader(self.pool)

    @cached_property
    def usage(self) -> DataLoader[UsageKey, list[UsageRow]]:
        """Usage by vendor and span of days."""
        return usage_loader(self.pool)

    @cached_property
    def vendor(self) -> DataLoader[str, VendorView | None]:
        """Vendors by code."""
        return vendor_loader(self.pool)
