"""The database is away for a while: requests are answered 503 meanwhile, and then all is well again by itself."""

import json
import shutil
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest

from app.postgres import EmbeddedPostgres
from app.postgres.postmaster import remnants
from schema.context import Role
from tests.scratch import scratch_folder
from tests.served import Service, serving

pytestmark = pytest.mark.chaos

AWAY_S = 20
ANSWERED_S = {"stopped": 3, "paused": 15}
"""A server that does not answer cannot be told from a slow one before the request's deadline, 10 s."""

AGAIN_S = 15


@contextmanager
def away(postgres: EmbeddedPostgres, folder: Path, how: str) -> Iterator[None]:
    """Let the server be away while the block runs."""
    if how == "stopped":
        postgres.stop()
        try:
            yield
        finally:
            postgres.start()
        return
    paused = remnants(folder / "postgres")
    for each in paused:
        each.suspend()
    try:
        yield
    finally:
        for each in paused:
            with suppress(psutil.NoSuchProcess):
                each.resume()


def ask(service: Service) -> tuple[int, dict[str, str], dict[str, object]]:
    """Ask for a customer: status, headers, answer."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{service.port}/graphql",
        json.dumps({"query": '{ customer(memberNo: "M1") { memberNo } }'}).encode(),
        {
            "authorization": f"Bearer {service.token(Role.OPERATIONS)}",
            "content-type": "application/json",
        },
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, dict(answer.headers), json.load(answer)
    except urllib.error.HTTPError as refused:
        return refused.code, dict(refused.headers), json.load(refused)


@pytest.mark.parametrize("how", ANSWERED_S)
def test_while_the_database_is_away_requests_are_answered_503_and_then_served_again(how):
    folder = scratch_folder("away")
    try:
        with EmbeddedPostgres(folder) as postgres, serving() as service:
            service.environment["DATABASE_URL"] = postgres.dsn
            service.start()
            assert ask(service)[0] == 200
            with away(postgres, folder, how):
                end = time.monotonic() + AWAY_S
                while time.monotonic() < end:
                    asked = time.monotonic()
                    status, headers, answer = ask(service)
                    assert time.monotonic() - asked < ANSWERED_S[how]
                    assert (status, answer["errors"][0]["extensions"]["code"]) == (503, "UNAVAILABLE")
                    assert int(headers["retry-after"]) > 0
                    assert not service.ready()
                    time.sleep(0.5)
            back = time.monotonic()
            while ask(service)[0] != 200 or not service.ready():
                assert time.monotonic() - back < AGAIN_S
                time.sleep(0.1)
            assert service.process.poll() is None
    finally:
        shutil.rmtree(folder, ignore_errors=True)
