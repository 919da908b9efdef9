"""The database server is stopped for a while: requests are answered 503 meanwhile, and then all is well by itself.

One that stands still, and says nothing, is in test_overload.py.
"""

import json
import shutil
import time
import urllib.error
import urllib.request

import pytest

from app.postgres import EmbeddedPostgres
from schema.context import Role
from tests.scratch import scratch_folder
from tests.served import Service, serving

pytestmark = pytest.mark.chaos

AWAY_S = 20
ANSWERED_S = 3
NOTICED_S = 5
"""After which `/readyz` tells: it is looked every second whether all is well."""

AGAIN_S = 15


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


def test_while_the_database_is_stopped_requests_are_answered_503_and_then_served_again():
    folder = scratch_folder("away")
    try:
        with EmbeddedPostgres(folder) as postgres, serving() as service:
            service.environment["DATABASE_URL"] = postgres.dsn
            service.start()
            assert ask(service)[0] == 200
            postgres.stop()
            stopped = time.monotonic()
            while time.monotonic() < stopped + AWAY_S:
                asked = time.monotonic()
                status, headers, answer = ask(service)
                assert time.monotonic() - asked < ANSWERED_S
                assert (status, answer["errors"][0]["extensions"]["code"]) == (503, "UNAVAILABLE")
                assert int(headers["retry-after"]) > 0
                assert asked < stopped + NOTICED_S or not service.ready()
                time.sleep(0.5)
            postgres.start()
            back = time.monotonic()
            while ask(service)[0] != 200 or not service.ready():
                assert time.monotonic() - back < AGAIN_S
                time.sleep(0.1)
            assert service.process.poll() is None
    finally:
        shutil.rmtree(folder, ignore_errors=True)
