"""A month of vendor exam-1 through the API: what its tests submit, read, decide and close."""

from typing import Any

from schema.context import Viewer
from tests.schema.api import FINANCE, Api

PRICE = 3.50
EVERYTHING = """query ($statement: ID!, $first: Int!, $where: FindingWhere) { statement(id: $statement) {
    id submittedBy submittedAt withdrawal { note by at }
    findings(first: $first, where: $where) { edges { node {
        id kind differences matchedBy period reason occurredOn statedAmount ledgerAmount
        unitsDifference amountDifference payable acceptingPays open late carriedFrom
        benefit { code } vendor { name } statement { number open }
        line { lineNo benefit { code } } redemption { id status vendor { name } } candidates { id reference }
        resolution { action by } history { action kind payable note by at }
    } } }
} }"""

RECONCILE = """mutation ($vendor: String!, $period: String!) { reconcilePeriod(vendor: $vendor, period: $period) {
    ... on Period { counts { kind } reconciledAt } ... on Refusal { code message } } }"""


async def deliver(api: Api, day: int, minutes: int, reference: str | None = None) -> str:
    """Legal advice for M1 on a day of October; the redemption's id."""
    answer = await api.redeem(
        benefit="legal-consultation",
        units=minutes,
        occurredAt=f"2026-10-{day:02}T10:00:00+08:00",
        **({"reference": reference} if reference else {}),
        idempotencyKey=f"{day}-{minutes}-{reference}",
    )
    assert answer["__typename"] == "Redemption", answer
    return str(answer["id"])


def line(line_no: int, day: int, minutes: int, reference: str | None = None, **other: Any) -> dict[str, Any]:
    """A line of legal advice at the contract's price."""
    return {
        "lineNo": line_no,
        "memberNo": "M1",
        "benefit": "legal-consultation",
        "units": minutes,
        "occurredOn": f"2026-10-{day:02}",
        "amount": f"{minutes * PRICE:.2f}",
        **({"reference": reference} if reference else {}),
        **other,
    }


async def submit(api: Api, *lines: dict[str, Any], viewer: Viewer = FINANCE, **fields: Any) -> dict[str, Any]:
    """Submit a statement for October; the outcome."""
    given = {"vendor": "exam-1", "number": "S-1", "period": "2026-10", "lines": list(lines), **fields}
    data = await api.data("reconcile.graphql", viewer, operation="SubmitStatement", input=given)
    return dict(data["submitStatement"])


async def findings(api: Api, statement: str, **more: Any) -> list[dict[str, Any]]:
    """What was found, in order."""
    data = await api.data(
        "reconcile.graphql", FINANCE, operation="Reconciliation", statement=statement, first=100, **more
    )
    return [edge["node"] for edge in data["statement"]["findings"]["edges"]]


async def resolve(
    api: Api, finding: str, action: str, language: str = "zh", viewer: Viewer = FINANCE, **fields: Any
) -> dict[str, Any]:
    """Decide; the outcome."""
    given = {"finding": finding, "action": action, "note": "查过", **fields}
    data = await api.data("reconcile.graphql", viewer, operation="Resolve", language=language, input=given)
    return dict(data["resolveFinding"])


async def close(api: Api, language: str = "zh", viewer: Viewer = FINANCE, **fields: Any) -> dict[str, Any]:
    """Close October; the outcome."""
    given = {"vendor": "exam-1", "period": "2026-10", **fields}
    data = await api.data("reconcile.graphql", viewer, operation="Close", language=language, **given)
    return dict(data["closePeriod"])


async def with_every_difference(api: Api) -> dict[str, Any]:
    """A statement with every kind of difference; what it was answered with."""
    for day, minutes, reference in ((1, 5, "R1"), (2, 5, "R2"), (3, 4, "R3"), (5, 3, "R4"), (9, 1, "R6")):
        await deliver(api, day, minutes, reference)
    await api.follow("Reverse", redemption=await deliver(api, 7, 2, "R5"), reason="误录")
    for number in (1, 2):
        await deliver(api, 11, 7, f"twin-{number}")
    return await submit(
        api,
        line(8, 11, 7),
        line(1, 1, 5, "R1"),
        line(2, 2, 6, "R2"),
        line(3, 3, 4, "R3", amount="15.00"),
        line(4, 6, 3, "R4"),
        line(5, 7, 2, "R5"),
        line(6, 1, 5, "R1"),
        line(7, 12, 1, memberNo="M9"),
    )
