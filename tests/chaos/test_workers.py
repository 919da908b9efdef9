"""Several workers: even shares of connections; a death affects only its own requests; replacement under load."""

import fcntl
import http.client
import json
import os
import pty
import signal
import socket
import subprocess
import termios
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import psutil
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

from app.postgres.postmaster import running
from schema.context import Role
from tests.served import COMMAND, Service, serving

pytestmark = pytest.mark.chaos

QUESTION = json.dumps({"query": "{ vendors(first: 1) { edges { __typename } } }"}).encode()


@pytest.fixture(scope="module")
def furnished() -> Iterator[Path]:
    """A data folder with a database; making one takes seconds."""
    with serving() as service:
        service.start()
        service.end(signal.SIGTERM)
        yield service.folder


@pytest.fixture
def service(furnished: Path) -> Iterator[Service]:
    with serving(furnished) as service:
        yield service


def workers_of(service: Service) -> list[psutil.Process]:
    """The processes that serve, oldest first."""
    assert service.process is not None
    found = []
    for each in psutil.Process(service.process.pid).children():
        with suppress(psutil.NoSuchProcess):  # which a zombie is, too
            if "spawn_main" in " ".join(each.cmdline()):
                found.append(each)
    return sorted(found, key=psutil.Process.create_time)


def connections_of(worker: psutil.Process) -> int:
    return sum(each.status == psutil.CONN_ESTABLISHED for each in worker.net_connections(kind="tcp4"))


@dataclass
class Load:
    """Clients that ask one question after the other; what came of each."""

    port: int
    token: str
    came: Counter[str] = field(default_factory=Counter)
    stop: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def ask_for_ever(self) -> None:
        while not self.stop.is_set():
            with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)) as connection:
                outcome = self.ask(connection, fresh=True)
                while outcome == "answered" and not self.stop.is_set():
                    self.count(outcome)
                    outcome = self.ask(connection, fresh=connection.sock is None)
                self.count(outcome)

    def count(self, outcome: str) -> None:
        with self._lock:
            self.came[outcome] += 1

    def ask(self, connection: http.client.HTTPConnection, *, fresh: bool) -> str:
        began = False
        headers = {"authorization": f"Bearer {self.token}", "content-type": "application/json"}
        try:
            if fresh:
                connection.connect()
            connection.request("POST", "/graphql", QUESTION, headers)
            answer = connection.getresponse()
            began = True
            found = json.loads(answer.read())
        except ConnectionRefusedError:
            time.sleep(0.1)
            return "refused"
        except (OSError, http.client.HTTPException):
            if began:
                return "broken"
            return "lost" if fresh else "closed before its answer began"
        return "answered" if answer.status == 200 and "data" in found else f"status {answer.status}"


@contextmanager
def load(service: Service, clients: int) -> Iterator[Counter[str]]:
    """Clients that ask for as long as the block runs; afterwards what came of their questions."""
    asking = Load(service.port, service.token(Role.OPERATIONS))
    threads = [threading.Thread(target=asking.ask_for_ever) for _ in range(clients)]
    for thread in threads:
        thread.start()
    try:
        yield asking.came
    finally:
        asking.stop.set()
        for thread in threads:
            thread.join()


def spread(service: Service, clients: int, pause_s: float = 0) -> list[int]:
    """How many of so many connections each worker takes."""
    with ExitStack() as stack:
        for _ in range(clients):
            stack.enter_context(socket.create_connection(("127.0.0.1", service.port)))
            time.sleep(pause_s)
        counts: list[int] = []
        while sum(counts) < clients:
            time.sleep(0.05)
            counts = [connections_of(worker) for worker in workers_of(service)]
        return counts


def until(true: Callable[[], bool], within_s: float = 240, shown: object = None) -> None:
    deadline = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < deadline, shown
        time.sleep(0.05)


def replaced(service: Service, old: set[int]) -> bool:
    now = {worker.pid for worker in workers_of(service)}
    return len(now) == len(old) and not now & old


@pytest.mark.parametrize("pause_s", [0, 0.01], ids=["at once", "one after the other"])
def test_connections_are_spread_evenly(service, pause_s):
    service.start("--workers", "4")
    counts = spread(service, 100, pause_s)
    assert len(counts) == 4
    assert min(counts) >= 15, counts
    assert max(counts) <= 35, counts


def test_the_death_of_a_worker_is_felt_by_its_own_requests_only(service):
    service.start("--workers", "3")
    with load(service, 12) as came:
        until(lambda: came["answered"] > 100, shown=came)
        victim = workers_of(service)[1]
        mine = connections_of(victim)
        os.kill(victim.pid, signal.SIGKILL)
        time.sleep(0.5)
        before = came["answered"]
        until(lambda: came["answered"] > before + 100)  # the others go on
        until(lambda: len(workers_of(service)) == 3)
    assert set(came) <= {"answered", "lost", "broken", "closed before its answer began"}, came
    assert came.total() - came["answered"] <= mine, (came, mine)
    code, said = service.end(signal.SIGTERM)
    assert code == 0
    assert "a worker died" in said
    assert running(service.folder / "postgres") is None


def test_workers_are_replaced_under_load_and_no_request_is_lost(service):
    service.start("--workers", "2")
    old = {worker.pid for worker in workers_of(service)}
    with load(service, 8) as came:
        for _ in range(2):
            until(lambda: came["answered"] > 100, shown=came)
            service.process.send_signal(signal.SIGHUP)
            until(partial(replaced, service, old))
            old = {worker.pid for worker in workers_of(service)}
        before = came["answered"]
        until(lambda: came["answered"] > before + 100)
    assert set(came) <= {"answered", "closed before its answer began"}, came
    assert came["closed before its answer began"] <= 0.001 * came["answered"], came
    assert service.end(signal.SIGTERM)[0] == 0


@pytest.mark.parametrize("workers", ["1", "3"])
def test_a_stop_under_load_breaks_no_answer_off(service, workers):
    service.start("--workers", workers)
    with load(service, 12) as came:
        until(lambda: came["answered"] > 200, shown=came)
        code, said = service.end(signal.SIGTERM)
    assert code == 0, said
    assert "Traceback" not in said
    assert came["broken"] == 0, came
    assert came["lost"] <= 12, came  # connected in the instant in which the socket was closed
    assert {each for each in came if each.startswith("status")} == set(), came
    assert running(service.folder / "postgres") is None


def test_a_worker_that_hangs_is_replaced(service):
    service.start("--workers", "2")
    victim = workers_of(service)[0]
    os.kill(victim.pid, signal.SIGSTOP)
    assert service.ready()  # the other one takes connections meanwhile
    until(lambda: not victim.is_running() or victim.status() == psutil.STATUS_ZOMBIE)
    until(lambda: len(workers_of(service)) == 2)
    assert service.end(signal.SIGTERM)[0] == 0


def test_five_hundred_idle_connections_do_not_keep_others_from_being_served(service):
    service.start("--workers", "2")
    idle = [socket.create_connection(("127.0.0.1", service.port)) for _ in range(500)]
    with load(service, 2) as came:
        until(lambda: came["answered"] > 100, 120, came)
    for client in idle:
        client.close()
    assert set(came) == {"answered"}
    assert service.end(signal.SIGTERM)[0] == 0


def test_workers_that_cannot_start_end_the_command_with_the_reason(service):
    service.environment["ENTITLEMENTS_JWKS"] = str(service.folder / "missing.json")
    done = service.command("serve", "--workers", "3", "--port", str(service.port))
    assert done.returncode == 1
    assert "serving on" not in done.stdout
    assert done.stderr.count("ENTITLEMENTS_JWKS: cannot be read") == 1, done.stderr
    assert "Traceback" not in done.stderr
    assert running(service.folder / "postgres") is None


def test_a_replacement_that_cannot_start_is_tried_again_while_others_serve(service):
    keys = service.folder / "keys.json"
    public = ECAlgorithm(ECAlgorithm.SHA256).to_jwk(ec.generate_private_key(ec.SECP256R1()).public_key())
    keys.write_text(json.dumps({"keys": [json.loads(public) | {"kid": "1", "alg": "ES256"}]}))
    service.environment["ENTITLEMENTS_JWKS"] = str(keys)
    service.start("--workers", "2")
    keys.rename(keys.with_suffix(".away"))
    old = {worker.pid for worker in workers_of(service)}
    service.process.send_signal(signal.SIGHUP)
    until(lambda: "the workers are not replaced" in service.said())
    assert {worker.pid for worker in workers_of(service)} == old
    workers_of(service)[0].kill()
    until(lambda: service.said().count("a worker died") >= 2)
    assert service.ready()
    keys.with_suffix(".away").rename(keys)
    until(lambda: min(spread(service, 8)) >= 2)
    code, said = service.end(signal.SIGTERM)
    assert code == 0
    assert "Traceback" not in said


def test_there_are_as_many_workers_as_the_environment_says(service):
    service.environment["ENTITLEMENTS_WORKERS"] = "2"
    service.start()
    assert len(workers_of(service)) == 2


def test_a_terminal_that_is_closed_ends_all_workers(service):
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [*COMMAND, "serve", "--port", "0"],
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**service.environment, "ENTITLEMENTS_WORKERS": "2"},
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509 - a single system call
    ) as process:
        os.close(theirs)
        assert process.stdout is not None
        assert process.stdout.readline().startswith("serving on")
        os.close(ours)  # the system sends SIGHUP
        assert process.wait(timeout=60) == 0
    assert running(service.folder / "postgres") is None
