"""Connections that are too slow, too long or too many are cut, with an answer where possible; others are served."""

import socket
import time
from contextlib import suppress
from functools import partial

import pytest

from app.settings.types import Places
from tests.serving.served import GET, HEAD, answer, code, running

POST = HEAD % (b"POST", b"/body")


def test_headers_that_do_not_come_to_an_end_are_cut():
    with running(header_timeout_s=0.4) as served, served.connect(b"GET /quick HTTP/1.1\r\n") as client:
        status, headers, body = answer(client)
        assert (status, code(body), headers["connection"]) == (408, "REQUEST_TIMEOUT", "close")
        assert client.recv(1) == b""


@pytest.mark.chaos
def test_headers_that_come_bit_by_bit_gain_no_time():
    with running(header_timeout_s=0.5) as served, served.connect(b"GET /quick HTTP/1.1\r\n") as client:
        began = time.monotonic()
        while served.server.server_state.connections:
            assert time.monotonic() - began < 9
            with suppress(ConnectionError):
                client.sendall(b"x: y\r\n")
            time.sleep(0.05)


@pytest.mark.chaos
def test_a_connection_without_a_request_is_closed_without_a_word():
    with running(header_timeout_s=0.3) as served, served.connect() as client:
        assert client.recv(1) == b""


@pytest.mark.chaos
def test_a_second_request_on_a_connection_has_the_time_of_the_first():
    with running(header_timeout_s=0.4, keep_alive_s=5) as served, served.connect(GET) as client:
        assert answer(client)[0] == 200
        time.sleep(0.8)  # idle, for longer than headers may take
        client.sendall(GET)
        assert answer(client)[0] == 200
        client.sendall(b"GET ")
        assert answer(client)[0] == 408


@pytest.mark.chaos
def test_an_idle_connection_is_closed():
    with running(keep_alive_s=1) as served, served.connect(GET) as client:
        assert answer(client)[0] == 200
        assert client.recv(1) == b""


@pytest.mark.parametrize("sent", [b"GET /" + b"x" * 70_000, GET[:-2] + b"x: y\r\n" * 12_000])
def test_headers_that_are_too_long_are_refused(sent):
    with running() as served, served.connect(sent) as client:
        status, _, body = answer(client)
        assert (status, code(body)) == (431, "HEADERS_TOO_LARGE")


def test_a_body_that_does_not_come_is_cut_and_the_application_sees_the_client_leave():
    with running(body_timeout_s=0.4) as served:
        with served.connect(POST + b"content-length: 100\r\n\r\nabc") as client:
            status, headers, body = answer(client)
        assert (status, code(body), headers["connection"]) == (408, "REQUEST_TIMEOUT", "close")
    assert served.small.seen == ["left"]


@pytest.mark.chaos
def test_an_early_answer_to_an_unfinished_body_is_sent_once():
    begins = HEAD % (b"POST", b"/quick") + b"content-length: 100\r\n\r\nabc"
    with running(body_timeout_s=0.4) as served, served.connect(begins) as client:
        assert answer(client)[0] == 200
        assert client.recv(1000) == b""


@pytest.mark.chaos
@pytest.mark.parametrize("trick", [b"1;x=%s\r\na\r\n", b"0\r\nx: %s\r\n"], ids=["extensions", "trailers"])
def test_chunk_extensions_and_trailers_do_not_count_as_a_body(trick):
    sent = POST + b"transfer-encoding: chunked\r\n\r\n" + trick % (b"y" * 2000)
    with running(body_timeout_s=0.4, least_bytes_per_s=1000) as served, served.connect(sent) as client:
        assert answer(client)[0] == 408


@pytest.mark.chaos
def test_a_body_that_is_slow_but_comes_is_taken():
    begins = POST + b"content-length: 300\r\n\r\n"
    with running(body_timeout_s=0.3, least_bytes_per_s=100) as served, served.connect(begins) as client:
        for _ in range(10):
            time.sleep(0.1)
            client.sendall(b"x" * 30)
        assert answer(client)[2] == b"300"


@pytest.mark.chaos
def test_a_client_that_waits_to_be_asked_for_its_body_is_not_cut_before():
    asks = POST + b"content-length: 3\r\nexpect: 100-continue\r\n\r\n"
    with running(body_timeout_s=0.4) as served, served.connect(asks) as client:
        assert client.recv(1000).startswith(b"HTTP/1.1 100")
        client.sendall(b"abc")
        assert answer(client)[2] == b"3"


@pytest.mark.chaos
def test_a_client_that_does_not_take_its_answer_is_cut():
    with (
        running(answer_timeout_s=0.4) as served,
        served.connect(HEAD % (b"GET", b"/large") + b"\r\n") as client,
    ):
        deadline = time.monotonic() + 10
        time.sleep(0.1)
        while served.server.server_state.connections:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        with pytest.raises(ConnectionResetError):
            all(iter(partial(client.recv, 1_000_000), b""))


@pytest.mark.chaos
def test_a_client_that_takes_its_answer_slowly_gets_all_of_it():
    with running(answer_timeout_s=0.4, least_bytes_per_s=1000) as served:
        with served.connect(HEAD % (b"GET", b"/large") + b"\r\n") as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 100_000)
            got = 0
            for _ in range(20):
                time.sleep(0.1)
                got += len(client.recv(200_000))
            while chunk := client.recv(1_000_000):
                got += len(chunk)
                if got > 50_000_000:
                    break
        assert got > 50_000_000


def test_a_connection_beyond_the_bound_gets_503_and_the_others_go_on():
    with running(max_connections=3) as served:
        open_ones = [served.connect(GET) for _ in range(3)]
        assert [answer(client)[0] for client in open_ones] == [200] * 3
        with served.connect(GET) as refused:
            status, headers, body = answer(refused)
            assert (status, code(body), headers["retry-after"]) == (503, "UNAVAILABLE", "1")
            assert refused.recv(1) == b""
        open_ones[0].sendall(GET)
        assert answer(open_ones[0])[0] == 200
        open_ones.pop().close()
        deadline = time.monotonic() + 5
        while True:
            with served.connect(GET) as client:
                if answer(client)[0] == 200:
                    break
            assert time.monotonic() < deadline
        for client in open_ones:
            client.close()


def test_one_request_too_many_is_refused_unread_and_health_is_told_all_the_same():
    one = dict.fromkeys(("reads", "redemptions", "events", "finance", "files"), Places(at_once=1, waiting=0))
    with running(**one) as served, served.connect() as client:
        busy = [served.connect(HEAD % (b"GET", b"/leave") + b"\r\n") for _ in range(5)]
        deadline = time.monotonic() + 5
        while served.small.seen.count("leave began") < 5:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        for _ in range(2):  # the connection is kept
            client.sendall(POST + b"content-length: 2\r\n\r\n{}")
            status, headers, body = answer(client)
            assert (status, code(body)) == (503, "UNAVAILABLE")
            assert headers["retry-after"] in {"1", "2"}
            assert "connection" not in headers
        with served.connect(POST + b"content-length: 30000000\r\n\r\n") as large:
            status, headers, _ = answer(large)
            assert (status, headers["connection"]) == (503, "close")
        client.sendall(HEAD % (b"GET", b"/readyz") + b"\r\n")
        assert answer(client)[0] == 200
        for each in busy:
            each.close()
        while answer_to(client, GET) != 200:
            assert time.monotonic() < deadline
            time.sleep(0.01)


def answer_to(client: socket.socket, request: bytes) -> int:
    client.sendall(request)
    return answer(client)[0]


@pytest.mark.chaos
def test_connections_that_idle_make_room_for_others():
    with running(max_connections=3) as served:
        idle = [served.connect(GET) for _ in range(3)]
        for client in idle:
            assert answer(client)[0] == 200
            time.sleep(0.4)
        idle[0].sendall(GET)
        assert answer(idle[0])[0] == 200
        time.sleep(0.9)
        with served.connect(GET) as client:
            assert answer(client)[0] == 200
        assert idle[1].recv(1) == b""  # it was without a request longest
        for client in (idle[0], idle[2]):
            client.sendall(GET)
            assert answer(client)[0] == 200
        for client in idle:
            client.close()


@pytest.mark.chaos
def test_a_client_that_is_refused_while_it_sends_gets_the_answer():
    # More than the buffers of both sides hold, sent before the answer is read.
    with running() as served:
        for _ in range(5):
            with served.connect(HEAD % (b"POST", b"/refuse") + b"content-length: 30000000\r\n\r\n") as client:
                client.sendall(b"x" * 30_000_000)
                assert answer(client)[0] == 403


@pytest.mark.parametrize("length", [b"9" * 5000, b"-1", b"1e3"])
def test_a_length_that_is_no_number_of_bytes_is_refused(length):
    with running() as served, served.connect(POST + b"content-length: %s\r\n\r\n" % length) as client:
        assert answer(client)[0] == 400


@pytest.mark.chaos
def test_a_request_that_would_become_a_websocket_is_answered():
    upgrade = HEAD % (b"GET", b"/quick") + b"connection: upgrade\r\nupgrade: websocket\r\n\r\n"
    with running() as served, served.connect(upgrade) as client:
        assert answer(client)[0] == 200


@pytest.mark.chaos
def test_several_requests_at_once_are_answered_in_turn():
    with running() as served, served.connect(HEAD % (b"GET", b"/slow") + b"\r\n" + GET + GET) as client:
        got = b""
        while got.count(b"quick") < 2:
            got += client.recv(1000)
        assert got.index(b"slow") < got.index(b"quick")


def test_a_client_that_leaves_is_seen_to_leave_while_its_request_runs():
    with running() as served:
        client = served.connect(HEAD % (b"GET", b"/leave") + b"\r\n")
        served.until_seen("leave began")
        client.close()
        served.until_seen("gone")
