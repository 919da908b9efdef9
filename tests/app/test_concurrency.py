"""Concurrent redemptions of the last unit: a real server, over HTTP, with one and with two processes.

The worked examples are brought in by the command line and asked over HTTP here too: the same server serves for both.
"""

import asyncio
import json
import signal
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.identity.keys import key_ring
from app.identity.tokens import Tokens, tokens_of
from app.settings import Settings
from schema.context import Role
from tests.served import Service, serving

CASES = json.loads((Path(__file__).parents[1] / "cases" / "rating.json").read_text(encoding="utf-8"))
EXPECTED = [(case, expected) for case in CASES for expected in case["expect"]]
DOCUMENTS = Path(__file__).parents[1] / "operations"
REDEEM = (DOCUMENTS / "redeem.graphql").read_text(encoding="utf-8")
EXPLAINED = (DOCUMENTS / "tier_explained.graphql").read_text(encoding="utf-8")
AT_ONCE = 64


MEMBERS = {1: "R1", 2: "R2"}
"""Whose last unit is raced for, by the number of processes."""


def history() -> str:
    """The worked examples, and two members of star 2."""
    events = [event for case in CASES for event in case["events"]]
    for member_no in MEMBERS.values():
        common = {"member_no": member_no, "effective_on": "2024-03-01"}
        events += [
            common | {"event_id": f"{member_no}-1", "type": "customer_registered", "name": "赛"},
            common
            | {"event_id": f"{member_no}-2", "type": "policy_issued", "policy_no": f"{member_no}-P"}
            | {"line": "individual", "coverage": "long", "category": "annuity", "design": "traditional"}
            | {"mode": "annual", "premium": "60000.00", "term_years": 100},
        ]
    return "".join(json.dumps(event) + "\n" for event in events)


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A service with members, a vendor, and tokens for those who ask; `member_no` has one unit left."""

    url: str
    tokens: Tokens
    member_no: str

    def header(self, role: Role) -> dict[str, str]:
        vendor = "exam-1" if role is Role.VENDOR else None
        return {"authorization": f"Bearer {self.tokens.issue(role, vendor=vendor)}"}


@pytest.fixture(scope="module")
def prepared() -> Iterator[Service]:
    with serving() as service:
        service.environment["ENTITLEMENTS_DEADLINE_S"] = "60"  # however busy the machine, nobody is sent away
        imported = service.command("import", "-", stdin=history())
        assert imported.returncode == 0, imported.stderr
        prices = ("--benefit", "physical-exam=680", "--benefit", "medical-butler=60")
        assert service.command("vendor", "add", "exam-1", "--name", "体检", *prices).returncode == 0
        yield service
        assert service.command("verify").returncode == 0


@pytest.fixture(scope="module", params=[1, 2], ids=["one process", "two processes"])
def running(request: pytest.FixtureRequest, prepared: Service) -> Iterator[Running]:
    prepared.start("--workers", str(request.param))
    settings = Settings(data=prepared.folder)
    yield Running(
        url=f"http://127.0.0.1:{prepared.port}/graphql",
        tokens=tokens_of(settings, key_ring(settings)),
        member_no=MEMBERS[request.param],
    )
    code, _ = prepared.end(signal.SIGTERM)
    assert code == 0


async def ask(
    client: httpx.AsyncClient, running: Running, role: Role, document: str, operation: str, **variables: Any
) -> Any:
    request = {"query": document, "operationName": operation, "variables": variables}
    answer = await client.post(running.url, json=request, headers=running.header(role))
    body = answer.json()
    assert "errors" not in body, body
    (value,) = body["data"].values()
    return value


async def all_at_once(running: Running, inputs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The outcomes of redemptions that are sent at the same moment, each on a connection of its own."""
    limits = httpx.Limits(max_connections=len(inputs))
    async with httpx.AsyncClient(limits=limits, timeout=60) as client:
        return list(
            await asyncio.gather(
                *(ask(client, running, Role.VENDOR, REDEEM, "Redeem", input=given) for given in inputs)
            )
        )


async def test_every_worked_example_holds_after_an_import_by_the_command_line(running):
    async with httpx.AsyncClient(timeout=60) as client:
        for case, expected in EXPECTED:
            told = (case["title"], expected)
            asked = {"on": expected["on"], "knownAt": expected.get("knownAt")}
            span = {"from": expected["on"], "to": "2100-01-01"}
            asked |= span | {"memberNo": case["member_no"]}
            answer = await ask(client, running, Role.AUDITOR, EXPLAINED, "TierExplained", **asked)
            tier = answer["tier"]
            assert tier["star"] == expected["star"], told
            assert Decimal(tier["ratedPremium"]) == Decimal(expected["ratedPremium"]), told
            amounts = sum(Decimal(each["amount"]) for each in tier["contributions"])
            assert amounts == Decimal(expected["ratedPremium"]), told


async def test_of_64_who_want_the_last_unit_exactly_one_gets_it(running):
    given = {"memberNo": running.member_no, "benefit": "physical-exam"}
    outcomes = await all_at_once(running, [given | {"idempotencyKey": f"race-{n}"} for n in range(AT_ONCE)])
    assert Counter(each["__typename"] for each in outcomes) == {"Redemption": 1, "Refusal": AT_ONCE - 1}
    refusals = [each for each in outcomes if each["__typename"] == "Refusal"]
    assert {each["code"] for each in refusals} == {"QUOTA_EXHAUSTED"}
    assert len({each["availableFrom"] for each in refusals}) == 1


async def test_the_same_key_64_times_at_once_is_one_redemption_and_63_replays(running):
    given = {"memberNo": running.member_no, "benefit": "medical-butler", "idempotencyKey": "again"}
    outcomes = await all_at_once(running, [given] * AT_ONCE)
    assert Counter(each["replayed"] for each in outcomes) == {False: 1, True: AT_ONCE - 1}
    assert len({each["id"] for each in outcomes}) == 1
    assert {each["quota"]["remaining"] for each in outcomes} == {2}
