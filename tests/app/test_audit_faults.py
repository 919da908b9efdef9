"""Data that was shown is logged, also after a fault of the service or its database right afterwards."""

import os
import signal
import time
from collections import Counter

import pytest

from app.postgres.postmaster import running
from schema.viewer import Role
from tests.app.test_audit import LOOKUP, RECORD, registered
from tests.served import Service, serving

pytestmark = pytest.mark.chaos

LOGGED = """query($subject: String!) { auditEvents(first: 500, where: {subject: {eq: $subject}}) {
  edges { node { requestId } } } }"""


@pytest.fixture
def service():
    with serving() as found:
        found.start()
        staff = found.token(Role.OPERATIONS)
        assert "errors" not in found.ask(staff, RECORD, events=[registered("M1")])
        yield found


def look(service: Service, subject: str, times: int) -> None:
    token = service.token(Role.FINANCE, subject=subject)
    for _ in range(times):
        assert service.ask(token, LOOKUP)["data"] == {"customer": {"name": "张三"}}


def logged(service: Service, subject: str) -> Counter[str]:
    answer = service.ask(service.token(Role.AUDITOR), LOGGED, subject=subject)
    return Counter(edge["node"]["requestId"] for edge in answer["data"]["auditEvents"]["edges"])


def test_a_service_that_is_stopped_has_logged_its_last_answer(service):
    look(service, "li", 50)
    code, said = service.end(signal.SIGTERM)
    assert (code, "audit events" in said) == (0, False)
    service.start()
    assert len(logged(service, "li")) == 50


def test_a_service_that_is_killed_has_logged_all_but_its_last_moment(service):
    look(service, "li", 20)
    time.sleep(2)
    look(service, "wang", 5)
    assert service.process is not None
    os.killpg(service.process.pid, signal.SIGKILL)
    service.process.wait()
    service.start()
    assert len(logged(service, "li")) == 20
    assert len(logged(service, "wang")) <= 5


def test_what_was_shown_before_the_database_was_killed_is_logged_once_when_it_is_back(service):
    look(service, "li", 20)
    server = running(service.folder / "postgres")
    assert server is not None
    server.process.kill()
    deadline = time.monotonic() + 60
    while not service.ready():
        assert time.monotonic() < deadline
        time.sleep(0.2)
    time.sleep(3)
    found = logged(service, "li")
    assert len(found) == 20
    assert set(found.values()) == {1}
