"""The table of `make bench`: what it compares, what a latency is, and what reaches a goal."""

import asyncio
import itertools
import os
from typing import cast

import pytest

from bench.comparison.answers import DifferentAnswersError, check_same, flat
from bench.comparison.loads import Arrivals, HttpContestant
from bench.comparison.picture import part_of_goal, picture
from bench.comparison.processes import Processes
from bench.comparison.report import table
from bench.comparison.values import Goal, Line, Run, Spread
from bench.counts import Counts, complaints
from bench.http_client import Address

STALL_S = 0.4


def line(median: float, goal: Goal) -> Line:
    ratio = Spread.of([median, median * 0.9, median * 1.1])
    return Line(work="<work>", against="a peer", ratio=ratio, goal=goal, ours="1 s", theirs="2 s")


def run(*waited_s: float) -> Run:
    return Run(
        count=len(waited_s),
        took_s=2,
        waited_s=sorted(waited_s),
        service_cpu_s=0.2,
        database_cpu_s=0.1,
        memory_mib=1,
    )


def test_answers_are_the_same_but_for_what_is_opaque() -> None:
    ours = {"customer": {"id": "a", "sequence": 1, "occurredAt": "2026-11-02T09:00:00+08:00"}}
    theirs = {"customer": {"id": "b", "sequence": "1", "occurredAt": "2026-11-02T01:00:00+00:00"}}
    check_same("a peer", ours, theirs)
    theirs["customer"]["sequence"] = "2"
    with pytest.raises(DifferentAnswersError, match=r"data\.customer\.sequence: 1, not 2"):
        check_same("a peer", ours, theirs)


def test_an_answer_that_lacks_a_row_differs() -> None:
    with pytest.raises(DifferentAnswersError):
        check_same("a peer", {"rows": [{"a": 1}, {"a": 2}]}, {"rows": [{"a": 1}]})


def test_our_objects_are_columns_of_the_object_around() -> None:
    assert flat({"tier": {"star": 1, "next": {"star": 2}}, "policy": None}) == {
        "tier": {"star": 1, "nextStar": 2, "nextName": None, "nextShortfall": None},
        "policyNo": None,
    }


@pytest.mark.parametrize(
    ("goal", "value", "reached"),
    [
        (Goal(at_least=1.5), 1.5, True),
        (Goal(at_least=1.5), 1.49, False),
        (Goal(at_most=4), 4, True),
        (Goal(at_most=4), 4.01, False),
    ],
)
def test_a_goal_is_a_bound(goal: Goal, value: float, reached: bool) -> None:
    assert line(value, goal).reached is reached
    assert (part_of_goal(line(value, goal), value) >= 1) is reached


def test_table_and_picture_show_each_line() -> None:
    lines = [line(0.5, Goal(at_least=1)), line(2, Goal(at_most=4))]
    assert [row.split(" | ")[5] for row in table(lines).splitlines()[2:]] == ["not yet", "reached"]
    drawn = picture(lines)
    assert drawn.count("<rect") == 1 + len(lines)
    assert "&lt;work&gt;" in drawn


def test_percentiles_are_latencies_that_were_seen() -> None:
    seen = run(*(number / 100 for number in range(1, 101)))
    assert (seen.percentile_s(50), seen.percentile_s(99)) == (0.5, 0.99)
    assert seen.cpu_s == pytest.approx(0.003)


def test_counts_may_fall_and_not_rise() -> None:
    known = {"a read": {"statements": 4, "resolver_calls": 100, "calls": 1000, "left_to_collector": 10}}
    fewer = Counts(statements=3, resolver_calls=50, calls=1, left_to_collector=0)
    more = Counts(statements=5, resolver_calls=100, calls=1029, left_to_collector=11)
    assert not list(complaints({"a read": fewer}, known))
    assert list(complaints({"a read": more}, known)) == [
        "a read: statements: 5, was 4",
        "a read: left to collector: 11, was 10",
    ]
    assert list(complaints({"new": fewer}, known)) == ["new: not in counts.yaml: write it (--write)"]


async def test_at_a_fixed_rate_a_stall_delays_all_that_were_due_meanwhile() -> None:
    lock = asyncio.Lock()
    ended: list[asyncio.Task[None]] = []

    async def served(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ended.append(cast("asyncio.Task[None]", asyncio.current_task()))
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
                asked = await reader.readexactly(length)
                async with lock:
                    await asyncio.sleep(STALL_S if asked == b"first" else 0)
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")
        except asyncio.IncompleteReadError:
            writer.close()
            await writer.wait_closed()

    server = await asyncio.start_server(served, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    contestant = HttpContestant(
        name="stalling",
        address=Address(host="127.0.0.1", port=port),
        service=Processes(os.getpid()),
        database=Processes(os.getpid()),
        bodies=itertools.chain([b"first"], itertools.repeat(b"next")),
        right=lambda body: body == b"{}",
    )
    async with server:
        steady = await contestant.run(Arrivals(per_s=50), 0.6)
        await asyncio.gather(*ended)  # when the clients have closed their connections
    assert steady.count == 30
    late = [each for each in steady.waited_s if each > STALL_S / 4]
    assert len(late) > 10  # in a closed loop it would be one
