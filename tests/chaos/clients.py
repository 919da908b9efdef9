"""Vendors and the policy system as clients: each request has a key, and is sent until it is answered.

After a missing answer (a broken connection, a time-out, an error, 503) it is unknown whether the request took effect:
the client retries it under its key. So at the end of a round every request is answered, and what the ledger must hold
is known exactly.
"""

import asyncio
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import httpx

_OPERATIONS = Path(__file__).parents[1] / "operations"
DOCUMENTS = {
    name: (_OPERATIONS / f"{name}.graphql").read_text(encoding="utf-8") for name in ("redeem", "record")
}
BENEFITS = ("medical-butler", "physical-exam", "health-assessment")
"""Three times a year, once a year, without limit."""

_TWICE = 0.05
_PAUSE_S = (0.02, 0.1)
_BETWEEN_S = 0.1
_REQUEST_S = 5.0
_PATIENCE_S = 60.0
_RETRYABLE = {"BUSY", "UNAVAILABLE"}
_STATUS = {
    "redeem": "REDEEMED",
    "hold": "HELD",
    "confirm": "REDEEMED",
    "release": "RELEASED",
    "reverse": "REVERSED",
}
_NEXT = {"HELD": ("confirm", "confirm", "release"), "REDEEMED": ("reverse",)}


class NotAnsweredError(Exception):
    """The service did not answer a request for a minute."""


class AnotherAnswerError(Exception):
    """A retried request got a different answer."""


@dataclass(kw_only=True, eq=False)
class Request:
    """A request under a key, and the first answer to it."""

    key: str
    document: str
    operation: str
    variables: dict[str, Any]
    answer: Any = None
    sent_at: float = 0.0
    answered_at: float = 0.0
    """Moments of the monotonic clock: first sent, first answered."""

    failed: bool = False
    """Whether it had to be sent again."""


def same(one: Any, other: Any) -> bool:
    """Whether two answers to one key are equal."""
    return _essence(one) == _essence(other)


def _essence(answer: Any) -> Any:
    if isinstance(answer, list):
        return [_essence(each) for each in answer]
    return [answer.get(name) for name in ("__typename", "id", "eventId", "code")]


def registration(member_no: str) -> list[dict[str, Any]]:
    """The events, as the API takes them, by which a member of star 2 becomes known."""
    common = {"memberNo": member_no, "effectiveOn": "2024-03-01"}
    policy = {"policyNo": f"{member_no}-P", "line": "INDIVIDUAL", "coverage": "LONG", "category": "ANNUITY"}
    policy |= {"design": "TRADITIONAL", "mode": "ANNUAL", "premium": "60000.00", "termYears": 100}
    return [
        {**common, "eventId": f"{member_no}-1", "customerRegistered": {"name": "久"}},
        {**common, "eventId": f"{member_no}-2", "policyIssued": policy},
    ]


@dataclass(kw_only=True, eq=False)
class Client:
    """One who asks, one request after the other; `statuses` is what it was told of its redemptions, by id."""

    name: str
    url: str
    vendor_token: str
    staff_token: str
    rng: random.Random
    members: list[str]
    requests: list[Request] = field(default_factory=list)
    statuses: dict[str, str] = field(default_factory=dict)
    references: dict[str, str] = field(default_factory=dict)
    """The reference of each redemption, by its id."""

    _http: httpx.AsyncClient | None = None
    _numbers: Iterator[int] = field(default_factory=count)

    async def work(self, fault: "Moment") -> None:
        """Ask until a request is answered that was first sent when the service was well again."""
        while True:
            request = self._next()
            self.requests.append(request)
            await self.until_answered(request)
            self._learn(request)
            if fault.well is not None and request.sent_at > fault.well:
                return
            await asyncio.sleep(self.rng.uniform(0, _BETWEEN_S))

    async def until_answered(self, request: Request) -> None:
        """Send it, now and then twice at once, until it is answered. Raises NotAnsweredError, AnotherAnswerError."""
        request.sent_at = time.monotonic()
        for answer in await self.answers(request, 2 if self.rng.random() < _TWICE else 1):
            if request.answer is None:
                request.answer, request.answered_at = answer, time.monotonic()
            elif not same(request.answer, answer):
                raise AnotherAnswerError(f"{request.key}: {request.answer}, then {answer}")

    async def answers(self, request: Request, times: int = 1) -> list[Any]:
        """Send it, so many times at once, until there is an answer; what was answered. Raises NotAnsweredError."""
        begun, said = time.monotonic(), ""
        while time.monotonic() < begun + _PATIENCE_S:
            tried = await asyncio.gather(*(self.send(request) for _ in range(times)))
            answers = [answer for answer, _ in tried if answer is not None]
            request.failed |= len(answers) < times and request.answer is None
            if answers:
                return answers
            said = tried[0][1]
            await asyncio.sleep(self.rng.uniform(*_PAUSE_S))
        raise NotAnsweredError(f"{request.key} {request.operation}: {said}")

    async def send(self, request: Request) -> tuple[Any, str]:
        """Send it once: the answer, or None where that is unknown; and what came instead."""
        staff = request.document == "record"
        body = {
            "query": DOCUMENTS[request.document],
            "operationName": request.operation[0].upper() + request.operation[1:],
            "variables": request.variables,
        }
        header = {"authorization": f"Bearer {self.staff_token if staff else self.vendor_token}"}
        if self._http is None:
            self._http = httpx.AsyncClient(base_url=self.url, timeout=_REQUEST_S)
        try:
            response = await self._http.post("/graphql", json=body, headers=header)
            said = response.json()
        except (httpx.HTTPError, ValueError) as error:
            return None, repr(error)
        if response.status_code != httpx.codes.OK or "errors" in said:
            return None, f"{response.status_code} {said}"
        answer = said["data"]["recordPolicyEvents" if staff else request.operation]
        if isinstance(answer, dict) and answer.get("code") in _RETRYABLE:
            return None, str(answer)
        return answer, ""

    async def close(self) -> None:
        """Close the connections."""
        if self._http is not None:
            await self._http.aclose()

    def _next(self) -> Request:
        key = f"{self.name}-{next(self._numbers)}"
        choice = self.rng.random()
        if choice < 0.06:
            events = registration(f"M-{key}")
            return Request(key=key, document="record", operation="record", variables={"events": events})
        open_ones = [each for each, status in self.statuses.items() if status in _NEXT]
        if choice < 0.45 and open_ones:
            redemption = self.rng.choice(open_ones[-20:])
            operation = self.rng.choice(_NEXT[self.statuses[redemption]])
            given = {"redemption": redemption, "idempotencyKey": key}
            if operation != "confirm":
                given["reason"] = "不来了"
        else:
            operation = self.rng.choice(("redeem", "hold"))
            member_no, benefit = self.rng.choice(self.members[-12:]), self.rng.choice(BENEFITS)
            given = {"memberNo": member_no, "benefit": benefit, "idempotencyKey": key, "reference": key}
        return Request(key=key, document="redeem", operation=operation, variables={"input": given})

    def _learn(self, request: Request) -> None:
        answer = request.answer
        if request.document == "record":
            if any(each["__typename"] != "Recorded" for each in answer):
                raise AnotherAnswerError(f"{request.key}: {answer}")
            self.members.append(request.variables["events"][0]["memberNo"])
        elif answer["__typename"] == "Redemption":
            self.statuses[answer["id"]] = _STATUS[request.operation]
            self.references.setdefault(answer["id"], request.key)


@dataclass(kw_only=True)
class Moment:
    """When a fault began, was over, and the service was well again, by the monotonic clock; None: still ahead."""

    begun: float | None = None
    over: float | None = None
    well: float | None = None
