"""The bulk import: atomic, idempotent, and independent of batches and order."""

import io
import json
import random

import pytest

from rating import customers as reading
from rating import event_refusals, events, import_work, importing
from rating.import_work import LONGEST_LINE_BYTES
from rating.importing import import_history
from tests.rating.build import NOW, day
from tests.rating.test_cases import CASES


def lines_of(*told):
    return [json.dumps(each, ensure_ascii=False).encode() for each in told]


CASE_LINES = lines_of(*(event for case in CASES for event in case["events"]))


@pytest.fixture
def load(database, handbook):
    """Imports lines in a transaction of their own."""

    async def one(lines, **options):
        stream = io.BytesIO(b"\n".join(lines) + b"\n")
        async with database.pool.acquire() as conn, conn.transaction():
            return await import_history(conn, stream, now=NOW, handbook=handbook, **options)

    return one


class Changed:
    """Follows an import: notes which customers each batch changed, once their ratings are written."""

    def __init__(self):
        self.batches = []

    def work(self, customers):
        return [each.change.customer_id for each in customers]

    async def write(self, conn, worked, others):
        customer_ids = sorted([*(worked or ()), *others])
        assert await conn.fetchval(
            "select count(*) from rating_heads where version > 0 and customer_id = any($1)", customer_ids
        ) == len(customer_ids)
        if customer_ids:
            self.batches.append(customer_ids)


async def _contents(database):
    """Every row by table, without the customers' ids, which follow the order of creation."""
    found = {}
    for table, columns in {
        "customers": "name, registered_on, recorded_at",
        "policy_events": "arrival, event_id, type, effective_on, recorded_at, body",
        "ratings": "version, known_from, handbook",
        "rating_periods": "version, starts_on, ends_on, star, rated_premium, edition",
        "policies": "policy_no, line, coverage, category, design, issued_on, cooling_off_ends_on, statuses, components",
        "rating_heads": "arrivals, version",
    }.items():
        key = "customers.id" if table == "customers" else f"{table}.customer_id"
        rows = await database.pool.fetch(
            f"select c.member_no, {', '.join(f'{table}.{column.strip()}' for column in columns.split(','))} "
            f"from {table} join customers c on c.id = {key}"
        )
        found[table] = sorted(map(repr, rows))
    return found


async def _assert_cases_hold(database):
    customers = await reading.customers_by_member_no(database.pool, [case["member_no"] for case in CASES])
    for case in CASES:
        for expected in case["expect"]:
            key = (customers[case["member_no"]].id, expected.known_at)
            rating = (await reading.ratings(database.pool, [key]))[key]
            period = [each for each in rating.spans if each.start <= expected.on][-1:]
            found = (period[0].star, period[0].rated_premium) if period else (0, 0)
            assert found == (expected.star, expected.rated_premium), (case["title"], expected)


async def test_every_worked_example_holds_in_the_database(database, load):
    report = await load(CASE_LINES)
    assert (report.customers, report.taken) == (len(CASES), len(CASE_LINES))
    assert (report.repeated, report.refused) == (0, 0)
    assert report.policies == sum(b'"policy_issued"' in line for line in CASE_LINES)
    assert report.written
    await _assert_cases_hold(database)


async def test_a_line_is_parsed_and_its_content_hashed_once(load, monkeypatch):
    parsed, hashed = [], []
    parse, make_hash = import_work.parse_line, events.content_hash
    monkeypatch.setattr(import_work, "parse_line", lambda line: parsed.append(line) or parse(line))
    monkeypatch.setattr(events, "content_hash", lambda text: hashed.append(text) or make_hash(text))
    report = await load(CASE_LINES)
    assert report.taken == len(CASE_LINES)
    assert parsed == CASE_LINES
    assert len(hashed) == len(CASE_LINES)


async def test_the_same_file_twice_changes_nothing(database, load):
    await load(CASE_LINES)
    before = await _contents(database)
    changed = Changed()
    report = await load(CASE_LINES, following=changed)
    assert (report.customers, report.policies, report.taken, report.repeated) == (0, 0, 0, len(CASE_LINES))
    assert await _contents(database) == before
    assert changed.batches == []


async def test_a_file_with_every_line_twice_is_the_file(database, load):
    report = await load([line for line in CASE_LINES for _ in range(2)])
    assert (report.taken, report.repeated, report.refused) == (len(CASE_LINES), len(CASE_LINES), 0)
    await _assert_cases_hold(database)


@pytest.mark.parametrize("seed", range(3))
async def test_lines_may_come_in_any_order(database, load, seed):
    shuffled = list(CASE_LINES)
    random.Random(seed).shuffle(shuffled)
    report = await load(shuffled)
    # Two events of one day are ordered by arrival: registrations excepted, the examples have none on one policy.
    assert (report.taken, report.refused) == (len(CASE_LINES), 0)
    await _assert_cases_hold(database)


async def test_small_batches_give_what_one_gives(database, load, monkeypatch):
    for name, size in (
        ("_CUSTOMERS_A_BATCH", 2),
        ("_EVENTS_A_BATCH", 3),
        ("_FETCHED_AT_ONCE", 2),
        ("_STAGED_AT_ONCE_LINES", 4),
    ):
        monkeypatch.setattr(importing, name, size)
    told, changed = [], Changed()
    await load(CASE_LINES, progress=lambda *step: told.append(step), following=changed)
    await _assert_cases_hold(database)
    batches = changed.batches
    assert sorted(customer_id for batch in batches for customer_id in batch) == list(range(1, len(CASES) + 1))
    assert max(map(len, batches)) == 2
    reads = [done for stage, done, _ in told if stage == "read"]
    assert reads[-1] == sum(len(line) + 1 for line in CASE_LINES)
    assert reads == sorted(reads)
    assert [step for step in told if step[0] == "rated"][-1] == ("rated", len(CASES), len(CASES))


GOOD = {
    "event_id": "G",
    "type": "customer_registered",
    "member_no": "G",
    "effective_on": "2024-01-01",
    "name": "好",
}
POLICY = {
    "event_id": "B3",
    "type": "policy_issued",
    "member_no": "C01",
    "effective_on": "2024-01-10",
    "policy_no": "P7",
    "line": "individual",
    "coverage": "long",
    "category": "other",
    "design": "traditional",
    "mode": "annual",
    "premium": "0",
    "term_years": 10,
}
BAD = {
    b"{": "event: is not JSON: EOF while parsing an object at line 1 column 1",
    b'{"type": "lapsed"}': "event_id: is missing",
    b"\xff" + lines_of(GOOD)[0]: "event: is not UTF-8 (byte 1)",
    b'{"name": "\xc3\x28"}': "event: is not UTF-8 (byte 11)",
    b"[]": "event: must be a JSON object",
    lines_of({**GOOD, "name": "a" * LONGEST_LINE_BYTES})[0]: "event: must not be longer than 1048576 bytes",
    lines_of(GOOD)[0] + b" " * LONGEST_LINE_BYTES + b"{": "event: must not be longer than 1048576 bytes",
    lines_of({**GOOD, "event_id": "C01-0"})[0]: (
        "Event C01-0 was recorded before with other content; it differs in: effective_on, member_no, name, "
        "recorded_at. Send a correction under a new event_id."
    ),
    lines_of({**GOOD, "policy_no": "P"})[0]: "policy_no: is not a field of this type of event",
    b'{"event_id": "B", "type": "lapsed", "policy_no": "P9", "member_no": "C01", "effective_on": "2024-01-01"}': (
        "Policy P9 is unknown: only policy_issued is allowed for it."
    ),
    b'{"event_id": "B2", "type": "lapsed", "policy_no": "P1", "member_no": "X", "effective_on": "2024-01-01"}': (
        "There is no customer with member number X: customer_registered must come first."
    ),
    lines_of({**GOOD, "recorded_at": "2026-06-01T12:00:01+08:00"})[0]: (
        "recorded_at: 2026-06-01T12:00:01+08:00 lies ahead of now (2026-06-01T12:00:00+08:00): what is known cannot be "
        "known later; give the moment at which it was recorded, or leave it out"
    ),
    lines_of({**POLICY, "received_on": "2024-01-09"})[0]: (
        "received_on: 2024-01-09 lies before the issue of policy P7 (2024-01-10); it must be that day or later"
    ),
    lines_of({**POLICY, "event_id": "B4", "cooling_off_ends_on": "2024-01-09"})[0]: (
        "cooling_off_ends_on: 2024-01-09 lies before the issue of policy P7 (2024-01-10); it must be that day or later"
    ),
    lines_of({**POLICY, "event_id": "B5", "premium": "-0.01"})[0]: (
        "premium: must be a decimal string of 0 or more and below 1000000000000 with at most 2 places"
    ),
}  # fmt: skip


@pytest.mark.parametrize("bad", BAD, ids=[reason[:40] for reason in BAD.values()])
async def test_a_bad_line_in_the_middle_takes_nothing_and_is_named(database, load, bad):
    before = await _contents(database)
    report = await load([*CASE_LINES[:20], b"", bad, *CASE_LINES[20:]])
    assert not report.written
    assert [(each.line_no, each.reason.en) for each in report.rejections] == [(22, BAD[bad])]
    assert (report.taken, report.customers, report.policies, report.refused) == (0, 0, 0, 1)
    assert await _contents(database) == before


async def test_keeping_going_leaves_out_only_the_bad_lines(database, load):
    lines, numbers = [], {}
    bad = list(BAD)
    for place, line in enumerate(CASE_LINES):
        lines.append(line)
        if place >= 1 and bad:
            lines.append(bad.pop(0))
            numbers[len(lines)] = lines[-1]
    seen = []
    report = await load(lines, keep_going=True, on_rejection=seen.append)
    assert report.written
    assert (report.taken, report.refused) == (len(CASE_LINES), len(BAD))
    assert [each.line_no for each in report.rejections] == list(numbers)
    assert tuple(seen) == report.rejections
    for each in seen:
        assert each.reason.en == BAD[numbers[each.line_no]]
        assert numbers[each.line_no].startswith(each.line)
    await _assert_cases_hold(database)


async def test_a_changed_event_is_refused_beside_the_first_of_the_file(load):
    first, second = {**GOOD, "name": "一"}, {**GOOD, "name": "二"}
    report = await load(lines_of(first, second, first, second), keep_going=True)
    assert (report.taken, report.repeated) == (1, 1)
    assert [(each.line_no, each.event_id) for each in report.rejections] == [(2, "G"), (4, "G")]


async def test_a_reduction_that_raises_is_rejected_with_the_line_and_the_premium_of_then(database, load):
    reduction = {
        "event_id": "B6",
        "type": "premium_reduced",
        "member_no": "C01",
        "effective_on": "2024-06-01",
        "policy_no": "P7",
        "component_id": "base",
        "premium": "0.01",
    }
    before = await _contents(database)
    report = await load([*CASE_LINES, *lines_of(POLICY, reduction)])
    assert not report.written
    (rejection,) = report.rejections
    assert rejection.line_no == len(CASE_LINES) + 2
    assert rejection.reason.en == (
        "Policy P7: the premium of component base is 0.00 since 2024-01-10; a reduction cannot raise it to 0.01, "
        "premium_increased adds a component."
    )
    assert await _contents(database) == before


async def test_a_line_recorded_ahead_of_now_that_was_taken_before_is_a_repetition(load, monkeypatch):
    ahead = lines_of({**GOOD, "recorded_at": "2026-06-01T12:00:01+08:00"})
    with monkeypatch.context() as earlier:
        earlier.setattr(event_refusals, "contradiction", lambda *_: None)
        assert (await load(ahead)).taken == 1
    report = await load(ahead)
    assert (report.repeated, report.refused) == (1, 0)


async def test_blank_lines_a_byte_order_mark_and_an_empty_file_are_no_fault(load):
    assert (await load([])).written
    report = await load([b"\xef\xbb\xbf" + lines_of(GOOD)[0] + b"\r", b"   ", b"\t\r"])
    assert (report.taken, report.refused) == (1, 0)


async def test_two_imports_in_one_transaction_are_one(database, handbook):
    async with database.pool.acquire() as conn, conn.transaction():
        for lines in (CASE_LINES[:10], CASE_LINES[10:], [b"{"], CASE_LINES):
            report = await import_history(conn, io.BytesIO(b"\n".join(lines)), now=NOW, handbook=handbook)
    assert report.repeated == len(CASE_LINES)
    await _assert_cases_hold(database)


async def test_what_is_imported_and_what_is_recorded_is_the_same(database, load):
    lapse = {
        "event_id": "L",
        "type": "lapsed",
        "member_no": "C01",
        "policy_no": "P1",
        "effective_on": "2024-03-01",
    }
    await load(CASE_LINES)
    report = await load([*lines_of(lapse), *CASE_LINES])
    assert (report.taken, report.repeated) == (1, len(CASE_LINES))
    customer = (await reading.customers_by_member_no(database.pool, ["C01"]))["C01"]
    (policy,) = (await reading.policies(database.pool, [customer.id]))[customer.id]
    assert policy.status_on(day("2024-03-01")) == "LAPSED"


async def test_a_failure_half_way_leaves_nothing_and_the_transaction_usable(database, handbook):
    class Failing(Changed):
        async def write(self, conn, worked, others):
            raise RuntimeError("the ledger said no")

    before = await _contents(database)
    async with database.pool.acquire() as conn, conn.transaction():
        with pytest.raises(RuntimeError, match="the ledger said no"):
            await import_history(
                conn, io.BytesIO(b"\n".join(CASE_LINES)), now=NOW, handbook=handbook, following=Failing()
            )
        assert await conn.fetchval("select count(*) from customers") == 0
    assert await _contents(database) == before
