"""/metrics: who may read it, that it counts what happens, and that clients cannot make it grow."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from app.errors import StartError
from app.observability.folder import VARIABLE, metrics_folder
from app.observability.metrics import Metrics
from app.observability.requests import RequestMetrics
from app.requests.access import Answered
from schema.context import Role
from tests.app.conftest import serving
from tests.ledger.stored import contract, enrol

METRICS_TOKEN = "m" * 32
REDEEM = """mutation R($member: String!, $key: String!) {
  redeem(input: {memberNo: $member, benefit: "medical-butler", idempotencyKey: $key, units: 1}) { __typename }
}"""


@pytest.fixture
async def counted(database_dsn, tmp_path):
    async with serving(database_dsn, tmp_path, metrics_token=METRICS_TOKEN) as service:
        yield service


async def read(service) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """Every sample that the metrics' own token gets, by name and labels."""
    answer = await service.client.get("/metrics", headers={"authorization": f"Bearer {METRICS_TOKEN}"})
    assert answer.status_code == 200, answer.text
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def sample(name: str, **labels: str) -> tuple[str, frozenset[tuple[str, str]]]:
    return name, frozenset((key.rstrip("_"), value) for key, value in labels.items())


async def test_metrics_are_for_operations_auditors_and_a_token_that_opens_nothing_else(counted):
    async def status(method: str, path: str, token: str) -> int:
        headers = {"authorization": f"Bearer {token}"}
        return (await counted.client.request(method, path, headers=headers, json={})).status_code

    allowed = {
        role: await status(
            "GET", "/metrics", counted.tokens.issue(role, vendor="v" if role is Role.VENDOR else None)
        )
        for role in Role
    }
    assert allowed == {role: 200 if role in {Role.OPERATIONS, Role.AUDITOR} else 403 for role in Role}
    assert await status("GET", "/metrics", METRICS_TOKEN) == 200
    assert await status("GET", "/metrics", METRICS_TOKEN[:-1] + "x") == 401
    assert await status("POST", "/graphql", METRICS_TOKEN) == 401
    assert (await counted.client.get("/metrics")).status_code == 401


async def test_metrics_can_be_switched_off(database_dsn, tmp_path):
    async with serving(database_dsn, tmp_path, metrics=False) as service:
        answer = await service.client.get("/metrics", headers=service.header(Role.OPERATIONS))
        assert answer.status_code == 404


async def test_requests_refusals_entries_and_batches_are_counted(counted):
    pool, handbook = counted.services.pool, counted.services.handbook
    await contract(pool, handbook, "v")
    await enrol(pool, handbook, "M1", now=counted.services.clock())
    header = counted.header(Role.VENDOR, vendor="v")
    for member, key in (("M1", "1"), ("M1", "2"), ("NOBODY", "3")):
        variables = {"member": member, "key": key}
        answer = await counted.client.post(
            "/graphql", headers=header, json={"query": REDEEM, "operationName": "R", "variables": variables}
        )
        assert "errors" not in answer.json(), answer.text
    await counted.client.post("/graphql", headers=header, json={"query": "{ liability { total } }"})
    found = await read(counted)
    ran = {"operation": "R", "class_": "redemptions", "role": "vendor"}
    assert found[sample("entitlements_requests_total", **ran, code="OK")] == 2
    assert found[sample("entitlements_requests_total", **ran, code="REFUSED")] == 1
    refused = {"operation": "none", "class_": "none", "role": "vendor", "code": "BAD_USER_INPUT"}
    assert found[sample("entitlements_requests_total", **refused)] == 1
    assert found[sample("entitlements_refusals_total", code="UNKNOWN_CUSTOMER")] == 1
    assert found[sample("entitlements_entries_posted_total", kind="REDEEM")] == 2
    assert found[sample("entitlements_journal_batch_commands_count")] == 3
    assert found[sample("entitlements_journal_commit_seconds_count", result="committed")] == 3
    assert found[sample("entitlements_operation_cost_count", class_="redemptions")] == 3
    assert found[sample("entitlements_pool_limit_connections", pool="service")] == 4
    assert found[sample("entitlements_pool_limit_connections", pool="redemptions")] == 2
    assert found[sample("entitlements_pool_wait_seconds_count", pool="journal")] == 3
    assert found[sample("entitlements_admission_places", class_="redemptions")] > 0
    assert found[sample("entitlements_admission_in_flight", class_="redemptions")] == 0
    assert abs(found[sample("entitlements_clock_ahead_seconds")]) < 30
    assert found[sample("entitlements_http_responses_total", route="/graphql", status="200")] == 4


async def test_operations_without_a_plan_are_counted(counted, monkeypatch):
    monkeypatch.setattr("planned.planning.MOST_FIELDS", 1)
    header = counted.header(Role.FRONTEND)
    for document in ("{ viewer { role } }", "{ viewer { __typename } }", "{ __typename }"):
        answer = await counted.client.post("/graphql", headers=header, json={"query": document})
        assert "errors" not in answer.json(), answer.text
    found = await read(counted)
    assert found[sample("entitlements_unplanned_operations_total", reason="too large")] == 2


async def test_plans_can_be_switched_off(database_dsn, tmp_path, monkeypatch):
    monkeypatch.setattr("planned.planning.MOST_FIELDS", 1)
    async with serving(database_dsn, tmp_path, plans=False) as service:
        header = service.header(Role.FRONTEND)
        answer = await service.client.post("/graphql", headers=header, json={"query": "{ viewer { role } }"})
        assert answer.json()["data"] == {"viewer": {"role": "FRONTEND"}}
        assert (
            "entitlements_unplanned_operations_total{"
            not in (await service.client.get("/metrics", headers=service.header(Role.OPERATIONS))).text
        )


def test_what_clients_call_their_operations_makes_no_more_than_so_many_series():
    metrics = Metrics()
    requests = RequestMetrics(metrics)
    for number in range(1000):
        facts = {"operation": f"O{number}", "class": "reads", "role": "frontend", "code": "OK"}
        requests.answered(Answered(request_id="x", route="/graphql", status=200, seconds=0.01, facts=facts))
    long = {"operation": "O" * 100, "class": "reads"}
    requests.answered(Answered(request_id="x", route="/graphql", status=200, seconds=0.01, facts=long))
    (family,) = (each for each in metrics.registry.collect() if each.name == "entitlements_requests")
    counts = {each.labels["operation"]: each.value for each in family.samples if each.name.endswith("_total")}
    assert len(counts) == 201
    assert counts["O0"] == 1


def test_a_request_that_has_to_wait_for_its_budget_is_counted_and_health_is_not():
    metrics = Metrics()
    requests = RequestMetrics(metrics)
    facts = {"role": "vendor", "code": "RATE_LIMITED", "limited": "graphql"}
    for route in ("/graphql", "/healthz"):
        requests.answered(Answered(request_id="x", route=route, status=429, seconds=0.01, facts=facts))
    value = metrics.registry.get_sample_value
    assert value("entitlements_rate_limited_total", {"budget": "graphql"}) == 1
    labels = {"operation": "none", "class": "none", "role": "vendor", "code": "RATE_LIMITED"}
    assert value("entitlements_requests_total", labels) == 1


WORKER = """
import sys
from app.observability.metrics import Metrics
metrics = Metrics()
metrics.retries.inc()
metrics.journal_waiting.set(5)
print("counted", flush=True)
sys.stdin.read()
"""


def test_several_workers_answer_as_one_and_a_dead_one_leaves_its_counts_only(monkeypatch):
    monkeypatch.delenv(VARIABLE, raising=False)
    with metrics_folder(workers=2):
        folder = Path(os.environ[VARIABLE])
        workers = [
            subprocess.Popen([sys.executable, "-c", WORKER], stdin=-1, stdout=-1, text=True) for _ in "ab"
        ]
        try:
            for worker in workers:
                assert worker.stdout.readline() == "counted\n"
            assert gathered() == (2, 10)
            workers[0].kill()
            workers[0].wait()
            assert gathered() == (2, 5)
        finally:
            for worker in workers:
                worker.kill()
                worker.communicate()
    assert not folder.exists()
    assert VARIABLE not in os.environ


def gathered() -> tuple[float | None, float | None]:
    from app.http.metrics import shown_registry

    registry = shown_registry(Metrics().registry)
    return (
        registry.get_sample_value("entitlements_journal_retries_total"),
        registry.get_sample_value("entitlements_journal_waiting_commands"),
    )


def test_the_folder_of_a_process_that_was_killed_is_removed_at_the_next_start(monkeypatch, tmp_path):
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    for number in (ended.pid, os.getpid(), os.getppid()):
        (tmp_path / f"entitlements-metrics-{number}-abc").mkdir()
    with metrics_folder(workers=2):
        assert os.environ[VARIABLE] != str(tmp_path / f"entitlements-metrics-{os.getpid()}-abc")
    assert [each.name for each in tmp_path.iterdir()] == [f"entitlements-metrics-{os.getppid()}-abc"]


def test_a_folder_that_the_environment_names_is_cleared_and_kept(monkeypatch, tmp_path):
    folder = tmp_path / "metrics"
    monkeypatch.setenv(VARIABLE, str(folder))
    with metrics_folder(workers=1):
        (folder / "counter_1.db").touch()
    with metrics_folder(workers=1):
        assert list(folder.iterdir()) == []
    monkeypatch.setenv(VARIABLE, "/dev/null/metrics")
    with pytest.raises(StartError, match=VARIABLE), metrics_folder(workers=1):
        raise AssertionError
