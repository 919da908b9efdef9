"""The service as a process: it starts from nothing, shares its data folder, and stops without breaking a promise."""

import json
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from app.postgres.postmaster import running
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


def prepare(service: Service) -> str:
    """Load a member and a vendor through the command line while the service runs; return the vendor's token."""
    imported = service.command("import", "-", stdin=HISTORY)
    assert imported.returncode == 0, imported.stderr
    added = service.command("vendor", "add", "dental-1", "--name", "Dental", "--benefit", "medical-butler=10")
    assert added.returncode == 0, added.stderr
    return service.command("token", "--role", "vendor", "--vendor", "dental-1").stdout.strip()


def redeem(service: Service, token: str, key: str) -> dict[str, object]:
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
    token = prepare(service)
    assert service.ready()
    assert redeem(service, token, "k1")["__typename"] == "Redemption"
    assert service.command("verify").returncode == 0


def test_what_was_acknowledged_survives_kill_9_of_the_service_and_of_the_database(service):
    service.start()
    token = prepare(service)
    before = redeem(service, token, "k1")
    server = running(service.folder / "postgres")
    assert server is not None
    server.process.kill()
    service.end(signal.SIGKILL)
    service.start()
    after = redeem(service, token, "k1")
    assert after == before | {"replayed": True}
    assert service.command("verify").returncode == 0
    code, _ = service.end(signal.SIGTERM)
    assert code == 0
    assert running(service.folder / "postgres") is None


def test_the_service_starts_its_database_again_when_that_is_killed(service):
    service.start()
    token = prepare(service)
    before = redeem(service, token, "k1")
    server = running(service.folder / "postgres")
    assert server is not None
    server.process.kill()
    deadline = time.monotonic() + 30
    time.sleep(0.5)
    while not service.ready():
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert redeem(service, token, "k1") == before | {"replayed": True}
    code, said = service.end(signal.SIGTERM)
    assert code == 0
    assert "PostgreSQL is gone: starting it again" in said
    assert running(service.folder / "postgres") is None


def test_a_client_that_sends_too_much_gets_the_answer_and_no_broken_connection(service):
    service.start()
    token = service.command("token", "--role", "frontend").stdout.strip()
    for _ in range(3):
        with pytest.raises(urllib.error.HTTPError) as refused:
            service.ask(token, "{ __typename }", filling="x" * 2_000_000)
        assert refused.value.code == 413
        assert "longer" in json.load(refused.value)["errors"][0]["message"]


def test_several_workers_serve_and_stop_together(service):
    service.start("--workers", "2")
    token = prepare(service)
    with ThreadPoolExecutor(8) as pool:
        kinds = [each["__typename"] for each in pool.map(lambda n: redeem(service, token, f"k{n}"), range(8))]
    assert sorted(kinds) == ["Redemption"] * 3 + ["Refusal"] * 5
    code, said = service.end(signal.SIGTERM)
    assert code == 0
    assert "Traceback" not in said
    assert running(service.folder / "postgres") is None


def test_no_worker_outlives_the_process_that_started_it(service):
    service.start("--workers", "2")
    service.end(signal.SIGKILL)
    deadline = time.monotonic() + 30
    while service.ready():
        assert time.monotonic() < deadline
        time.sleep(0.1)
    service.start()
    assert service.end(signal.SIGTERM)[0] == 0
    assert running(service.folder / "postgres") is None


def test_requests_in_flight_are_answered_before_it_stops(service):
    service.start()
    token = prepare(service)

    def one(n: int) -> str:
        try:
            return str(redeem(service, token, f"k{n}")["__typename"])
        except (urllib.error.URLError, ConnectionError):
            return "not taken"

    with ThreadPoolExecutor(16) as pool:
        asked = [pool.submit(one, n) for n in range(64)]
        time.sleep(0.05)
        code, said = service.end(signal.SIGTERM)
        answers = [each.result() for each in asked]
    assert code == 0
    assert "Traceback" not in said
    assert set(answers) <= {"Redemption", "Refusal", "not taken"}
    # Whatever was acknowledged is in the books, and they are in order.
    assert service.command("verify").returncode == 0


def test_a_port_that_is_taken_is_one_line(service):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = service.command("serve", "--port", str(taken.getsockname()[1]))
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "cannot listen" in done.stderr
    assert not (service.folder / "postgres").exists()


def test_a_start_that_is_interrupted_leaves_no_database_running(service):
    service.start()
    service.end(signal.SIGTERM)
    for delay_s in (0.3, 0.8, 1.2, 1.6):
        process = subprocess.Popen(
            [*COMMAND, "serve", "--port", str(service.port)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            env=service.environment,
            start_new_session=True,
        )
        time.sleep(delay_s)
        process.terminate()
        _, said = process.communicate(timeout=30)
        assert "Traceback" not in said, (delay_s, said)
        assert running(service.folder / "postgres") is None, delay_s
