"""The service as a process: starts on an empty folder, shares it, and stops without losing acknowledged commands."""

import json
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from app.postgres.postmaster import running
from schema.context import Role
from tests.handbook.copies import Copy
from tests.served import COMMAND, Service, serving

HISTORY = "".join(
    json.dumps(event) + "\n"
    for event in (
        {
            "event_id": "e1",
            "type": "customer_registered",
            "member_no": "M1",
            "effective_on": "2024-01-01",
            "name": "张三",
        },
        {
            "event_id": "e2",
            "type": "policy_issued",
            "member_no": "M1",
            "effective_on": "2024-01-01",
            "policy_no": "P1",
            "line": "individual",
            "coverage": "long",
            "category": "annuity",
            "design": "traditional",
            "mode": "annual",
            "premium": "60000.00",
            "term_years": 20,
        },
    )
)
REDEEM = """
mutation Redeem($input: RedeemInput!) {
  redeem(input: $input) { __typename ... on Redemption { id replayed } ... on Refusal { code } }
}
"""


@pytest.fixture
def service() -> Iterator[Service]:
    with serving() as service:
        yield service


@pytest.fixture(scope="module")
def furnished() -> Iterator[Path]:
    """A data folder with a member and a vendor; making one takes seconds."""
    with serving() as service:
        load(service)
        yield service.folder


@pytest.fixture
def prepared(furnished: Path) -> Iterator[Service]:
    """A service on a copy of that folder."""
    with serving(furnished) as service:
        yield service


def load(service: Service) -> None:
    """Load a member and a vendor through the command line."""
    imported = service.command("import", "-", stdin=HISTORY)
    assert imported.returncode == 0, imported.stderr
    added = service.command("vendor", "add", "dental-1", "--name", "Dental", "--benefit", "medical-butler=10")
    assert added.returncode == 0, added.stderr


def redeem(service: Service, key: str, token: str | None = None) -> dict[str, object]:
    token = token or service.token(Role.VENDOR, vendor="dental-1")
    given = {"memberNo": "M1", "benefit": "medical-butler", "units": 1, "idempotencyKey": key}
    answer = service.ask(token, REDEEM, input=given)
    assert "errors" not in answer, answer
    return answer["data"]["redeem"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_starts_from_nothing_and_stops_with_its_database(service, number):
    service.start()
    assert (service.folder / "token.key").exists() is False or (
        service.folder / "token.key"
    ).stat().st_mode & 0o77 == 0
    assert running(service.folder / "postgres") is not None
    code, said = service.end(number)
    assert code == 0
    assert "Traceback" not in said
    assert running(service.folder / "postgres") is None


def test_commands_share_the_database_of_a_running_service_and_do_not_stop_it(service):
    service.start()
    load(service)
    token = service.command("token", "--role", "vendor", "--vendor", "dental-1").stdout.strip()
    assert service.ready()
    assert redeem(service, "k1", token)["__typename"] == "Redemption"
    assert service.command("verify").returncode == 0


def test_a_client_that_sends_too_much_gets_the_answer_and_no_broken_connection(prepared):
    prepared.start()
    token = prepared.token(Role.FRONTEND)
    for _ in range(3):
        with pytest.raises(urllib.error.HTTPError) as refused:
            prepared.ask(token, "{ __typename }", filling="x" * 2_000_000)
        assert refused.value.code == 413
        assert "longer" in json.load(refused.value)["errors"][0]["message"]


def test_several_workers_serve_and_stop_together(prepared):
    prepared.start("--workers", "2")
    with ThreadPoolExecutor(8) as pool:
        kinds = [each["__typename"] for each in pool.map(lambda n: redeem(prepared, f"k{n}"), range(8))]
    assert sorted(kinds) == ["Redemption"] * 3 + ["Refusal"] * 5
    code, said = prepared.end(signal.SIGTERM)
    assert code == 0
    assert "Traceback" not in said
    assert running(prepared.folder / "postgres") is None


@pytest.mark.chaos
def test_no_worker_outlives_the_process_that_started_it(prepared):
    prepared.start("--workers", "2")
    prepared.end(signal.SIGKILL)
    deadline = time.monotonic() + 30
    while prepared.ready():
        assert time.monotonic() < deadline
        time.sleep(0.1)
    prepared.start()
    assert prepared.end(signal.SIGTERM)[0] == 0
    assert running(prepared.folder / "postgres") is None


def test_requests_in_flight_are_answered_before_it_stops(prepared):
    prepared.start()

    def one(n: int) -> str:
        try:
            return str(redeem(prepared, f"k{n}")["__typename"])
        except (urllib.error.URLError, ConnectionError):
            return "not taken"

    with ThreadPoolExecutor(16) as pool:
        asked = [pool.submit(one, n) for n in range(64)]
        time.sleep(0.05)
        code, said = prepared.end(signal.SIGTERM)
        answers = [each.result() for each in asked]
    assert code == 0
    assert "Traceback" not in said
    assert set(answers) <= {"Redemption", "Refusal", "not taken"}
    # Whatever was acknowledged is in the books, and they are in order.
    assert prepared.command("verify").returncode == 0


def test_a_port_that_is_taken_is_one_line(service):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = service.command("serve", "--port", str(taken.getsockname()[1]))
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "cannot listen" in done.stderr
    assert not (service.folder / "postgres").exists()


@pytest.mark.parametrize(
    "delay_s", [0.8, *(pytest.param(each, marks=pytest.mark.chaos) for each in (0.3, 1.2, 1.6))]
)
def test_a_start_that_is_interrupted_leaves_no_database_running(prepared, delay_s):
    process = subprocess.Popen(
        [*COMMAND, "serve", "--port", str(prepared.port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env=prepared.environment,
        start_new_session=True,
    )
    time.sleep(delay_s)
    process.terminate()
    _, said = process.communicate(timeout=30)
    assert "Traceback" not in said, said
    assert running(prepared.folder / "postgres") is None


def test_a_start_tells_of_an_edition_that_nobody_is_served_by_until_it_is_activated(prepared, tmp_path):
    Copy(tmp_path).add("zhenxuan-2", "2027-01-01")
    prepared.environment["ENTITLEMENTS_EDITIONS"] = str(tmp_path)
    hint = "edition zhenxuan-2 is not active: `entitlements edition activate zhenxuan-2`"
    prepared.start()
    assert prepared.said().count(hint) == 1
    assert prepared.command("rerate", "--edition", "zhenxuan-2").returncode == 1
    assert prepared.command("edition", "activate", "zhenxuan-2").returncode == 0
    assert prepared.command("rerate", "--edition", "zhenxuan-2").returncode == 0
    assert prepared.command("verify").returncode == 0
    prepared.end(signal.SIGTERM)
    prepared.start()
    assert hint not in prepared.said()
