"""A server that stops answers requests in flight, takes no new ones, and resets no connection."""

import socket
import time

import pytest

from tests.serving.served import GET, HEAD, answer, running

SLOW = HEAD % (b"GET", b"/slow") + b"\r\n"


def test_when_stopping_requests_in_flight_are_answered_and_new_connections_refused():
    with running() as served, served.connect(SLOW) as client:
        served.until_seen("slow began")
        served.stop()
        time.sleep(0.3)
        with pytest.raises(OSError):
            socket.create_connection(served.address, timeout=1)
        status, headers, body = answer(client)
        assert (status, headers["connection"], body) == (200, "close", b"slow")
        assert client.recv(1) == b""


@pytest.mark.chaos
def test_an_open_connection_may_bring_one_more_request():
    with running(drain_idle_s=5) as served, served.connect(GET) as client, served.connect(GET) as idle:
        assert answer(client)[0] == 200
        assert answer(idle)[0] == 200
        served.stop()
        time.sleep(0.3)
        client.sendall(GET)
        status, headers, _ = answer(client)
        assert (status, headers["connection"]) == (200, "close")
        idle.close()
        began = time.monotonic()
        served.end()
        assert time.monotonic() - began < 4  # nobody is left to wait for


@pytest.mark.chaos
def test_idle_connections_are_closed_not_reset():
    with running(drain_idle_s=0.2) as served, served.connect(GET) as client:
        assert answer(client)[0] == 200
        served.stop()
        assert client.recv(1) == b""


@pytest.mark.chaos
def test_connections_that_wait_to_be_taken_are_served():
    with running(drain_idle_s=5) as served:
        clients = [served.connect() for _ in range(50)]
        served.stop()
        for client in clients:
            client.sendall(GET)
        assert [answer(client)[0] for client in clients] == [200] * 50
        for client in clients:
            client.close()


@pytest.mark.chaos
def test_the_answer_about_being_ready_changes_first():
    ready = HEAD % (b"GET", b"/readyz") + b"\r\n"
    with running(shutdown_delay_s=1) as served:
        with served.connect(ready) as client:
            assert answer(client)[0] == 200
        served.stop()
        time.sleep(0.4)
        with served.connect(ready) as client:
            assert answer(client)[0] == 503
        with served.connect(GET) as client:
            assert answer(client)[0] == 200  # whoever still comes is served
