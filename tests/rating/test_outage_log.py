"""What the log says of an outage, however many requests it hits."""

import asyncpg
from structlog.testing import capture_logs

from base.outage_log import LogLimit, WritingOutage, log_outage

FULL = asyncpg.DiskFullError("could not extend file: No space left on device")


def test_an_outage_is_logged_when_it_begins_every_ten_seconds_and_when_it_is_over():
    now = 0.0
    log = WritingOutage(lambda: now)
    with capture_logs() as lines:
        log.over()
        for _ in range(100):
            log.failed(4, FULL)
            now += 0.25
        log.over()
        log.over()
        log.failed(1, FULL)
    told = [(line["event"], line["seconds"], line["commands"], line["transactions"]) for line in lines]
    assert told == [
        ("nothing can be written", 0.0, 4, 1),
        ("nothing can be written", 10.0, 164, 41),
        ("nothing can be written", 20.0, 324, 81),
        ("writing works again", 25.0, 400, 100),
        ("nothing can be written", 0.0, 1, 1),
    ]
    assert lines[0]["error"] == "DiskFullError 53100: could not extend file: No space left on device"


def test_failures_of_one_kind_are_one_line_in_ten_seconds_and_are_counted():
    now = 100.0
    limit = LogLimit(lambda: now)
    with capture_logs() as lines:
        for _ in range(1000):
            log_outage(ConnectionRefusedError("nobody\nlistens"), limit)
        log_outage(TimeoutError(), limit)
        now += 10
        log_outage(ConnectionRefusedError("nobody"), limit)
    assert [(line["error"], line["more_since_last_line"]) for line in lines] == [
        ("ConnectionRefusedError: nobody", 0),
        ("TimeoutError", 0),
        ("ConnectionRefusedError: nobody", 999),
    ]
