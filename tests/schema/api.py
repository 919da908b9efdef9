"""What the tests of the API share: a service on a database of its own, asked as the various roles."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from app.orm import orm
from base.database import Pool
from handbook import BUSINESS_ZONE, Handbook
from ledger.posting.journal import Journal
from planned import PlanCache
from rating.activations import AnyHandbook, handbook_now
from schema.billing import Bill
from schema.budgets import Budgets
from schema.build import build_schema
from schema.context import Context, Role, Viewer

NOW = datetime(2026, 10, 20, 10, 0, tzinfo=BUSINESS_ZONE)
OPERATIONS = Path(__file__).parents[1] / "operations"
SCHEMA = build_schema(plans=PlanCache())

FRONTEND = Viewer(role=Role.FRONTEND)
MEMBER_M1 = Viewer(role=Role.FRONTEND, member="M1")
VENDOR = Viewer(role=Role.VENDOR, vendor="exam-1")
OTHER_VENDOR = Viewer(role=Role.VENDOR, vendor="dental-1")
FINANCE = Viewer(role=Role.FINANCE)
STAFF = Viewer(role=Role.OPERATIONS)
AUDITOR = Viewer(role=Role.AUDITOR)


@dataclass(kw_only=True)
class Clock:
    """A clock that tests move."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        """Now."""
        return self.now


@dataclass(kw_only=True)
class Api:
    """The API as its clients see it, without HTTP."""

    pool: Pool
    journal: Journal
    handbooks: AnyHandbook
    clock: Clock
    edition_folders: Sequence[Path] = ()
    four_eyes_above: Decimal | None = None
    budgets: Budgets | None = None

    @property
    def handbook(self) -> Handbook:
        """The handbook that answers are read by."""
        return handbook_now(self.handbooks)

    async def ask(
        self,
        document: str,
        viewer: Viewer | None = FRONTEND,
        language: str = "zh",
        operation: str | None = None,
        **variables: Any,
    ) -> dict[str, Any]:
        """The whole answer: `data` and `errors` as they are sent. A name of a file in tests/operations is its text."""
        if document.endswith(".graphql"):
            document = (OPERATIONS / document).read_text(encoding="utf-8")
        context = Context(
            viewer=viewer,
            pool=self.pool,
            journal=self.journal,
            handbooks=self.handbooks,
            edition_folders=self.edition_folders,
            four_eyes_above=self.four_eyes_above,
            clock=self.clock,
            bill=Bill(budgets=self.budgets, viewer=viewer) if viewer is not None else None,
            language="en" if language == "en" else "zh",
        )
        result = await SCHEMA.execute(
            document, variable_values=variables, context_value=context, operation_name=operation
        )
        return {
            "data": result.data,
            "errors": [error.formatted for error in result.errors or ()],
            "extensions": result.extensions,
        }

    async def data(self, document: str, viewer: Viewer | None = FRONTEND, **more: Any) -> dict[str, Any]:
        """The data of an answer without errors."""
        answer = await self.ask(document, viewer, **more)
        assert not answer["errors"], answer["errors"]
        return dict(answer["data"])

    async def codes(self, document: str, viewer: Viewer | None = FRONTEND, **more: Any) -> list[str]:
        """The codes of an answer's errors."""
        return [error["extensions"]["code"] for error in (await self.ask(document, viewer, **more))["errors"]]

    async def record(self, *events: dict[str, Any]) -> list[dict[str, Any]]:
        """Record events, and have all of them taken."""
        answers = (await self.data("record.graphql", STAFF, operation="Record", events=list(events)))[
            "recordPolicyEvents"
        ]
        assert [each["__typename"] for each in answers] == ["Recorded"] * len(events), answers
        return list(answers)

    async def redeem(
        self, viewer: Viewer = VENDOR, operation: str = "Redeem", **fields: Any
    ) -> dict[str, Any]:
        """Redeem or hold; the outcome."""
        given = {"memberNo": "M1", "benefit": "physical-exam", "idempotencyKey": f"key-{fields}", **fields}
        data = await self.data("redeem.graphql", viewer, operation=operation, input=given)
        return dict(data[operation[0].lower() + operation[1:]])

    async def follow(self, operation: str, viewer: Viewer = VENDOR, **fields: Any) -> dict[str, Any]:
        """Confirm, release, say no-show or reverse; the outcome."""
        given = {"idempotencyKey": f"{operation}-{fields}", **fields}
        data = await self.data("redeem.graphql", viewer, operation=operation, input=given)
        return dict(data[operation[0].lower() + operation[1:]])


@asynccontextmanager
async def serving(database: Any, handbook: AnyHandbook) -> AsyncIterator[Api]:
    """The API on a database."""
    clock = Clock()
    async with orm(database.dsn):
        journal = Journal(database.pool, handbook, clock)
        await journal.start()
        try:
            yield Api(pool=database.pool, journal=journal, handbooks=handbook, clock=clock)
        finally:
            await journal.stop()


def member(member_no: str, premium: str = "300000.00", since: str = "2024-01-10") -> list[dict[str, Any]]:
    """The events of a customer with one policy, paid yearly for ten years; in cooling-off for 15 days."""
    return [
        {
            "eventId": f"{member_no}-0",
            "memberNo": member_no,
            "effectiveOn": since,
            "recordedAt": f"{since}T09:00:00+08:00",
            "customerRegistered": {"name": f"张{member_no}"},
        },
        {
            "eventId": f"{member_no}-1",
            "memberNo": member_no,
            "effectiveOn": since,
            "recordedAt": f"{since}T09:00:00+08:00",
            "policyIssued": {
                "policyNo": "P1",
                "line": "INDIVIDUAL",
                "coverage": "LONG",
                "category": "WHOLE_LIFE",
                "design": "TRADITIONAL",
                "mode": "ANNUAL",
                "premium": premium,
                "termYears": 10,
            },
        },
    ]


VENDORS = {
    "exam-1": {
        "physical-exam": "680.00",
        "critical-surgery-admission": "1200.00",
        "legal-consultation": "3.50",
    },
    "dental-1": {"dental-care": "120.00"},
}


async def furnish(api: Api) -> None:
    """Two vendors with contracts, and a member M1 with four stars since 2024, a spouse and a sibling."""
    for code, prices in VENDORS.items():
        await api.data(
            "record.graphql",
            STAFF,
            operation="RegisterVendor",
            code=code,
            name=f"供应商 {code}",
            terms=[
                {"benefit": benefit, "unitPrice": price, "from": "2026-01-01"}
                for benefit, price in prices.items()
            ],
        )
    relatives = [
        {
            "eventId": f"M1-R{number}",
            "memberNo": "M1",
            "effectiveOn": "2024-01-10",
            "recordedAt": "2024-01-10T09:00:00+08:00",
            "relativeRegistered": {"relativeId": f"R{number}", "name": name, "relation": relation},
        }
        for number, (name, relation) in enumerate((("李四", "SPOUSE"), ("王五", "SIBLING")), 1)
    ]
    await api.record(*member("M1"), *relatives)
