"""The ledger as a file: complete, from one snapshot, and verifiable line by line without our code."""

import csv
import hashlib
import json
from contextlib import aclosing
from datetime import UTC, date, datetime, timedelta
from io import StringIO

import pytest

from app.exports.entries import COLUMNS, EntryForm, entry_chunks
from handbook import start_of
from ledger.reports.exporting import stream_entries, unknown_in
from ledger.reports.filters import EntryFilter, Span
from tests.exports.conftest import fill, reading
from tests.ledger.books import NOW, a_redeem, a_reversal
from tests.ledger.stored import SetClock, contract, enrol, journals

LAW = "legal-consultation"
HASHED = [
    *(
        "customer_id",
        "sequence",
        "kind",
        "benefit",
        "period",
        "policy_no",
        "units",
        "service_year",
        "star",
        "edition",
    ),
    *("vendor", "redemption", "beneficiary", "option", "reference", "details", "occurred_at", "recorded_at"),
]


@pytest.fixture
async def ledger(database, handbook):
    """Two members with their grants, a delivery each day by two vendors, one of them reversed."""
    await enrol(database.pool, handbook, "M1", "M2")
    await contract(database.pool, handbook, "v", "w")
    clock = SetClock()
    async with journals(database.pool, handbook, clock) as (journal,):
        given = {"member_no": "M1", "units": 5, "occurred_at": NOW - timedelta(days=2), "reference": "=1+1"}
        first = await journal.post(a_redeem(LAW, **given))
        await journal.post(a_redeem(LAW, **given | {"vendor": "w", "occurred_at": NOW - timedelta(days=1)}))
        await journal.post(a_redeem(LAW, **given | {"member_no": "M2", "reference": None}))
        await journal.post(a_reversal(first.id, reason="订错了", subject="finance-7"))
    return database


async def file_of(pool, where: EntryFilter, form: EntryForm) -> str:
    async with aclosing(entry_chunks(pool, where, form)) as chunks:
        return b"".join([chunk async for chunk in chunks]).decode("utf-8-sig")


async def lines_of(pool, **where):
    text = await file_of(pool, EntryFilter(**where), EntryForm.JSONL)
    return [json.loads(line) for line in text.splitlines()]


def hash_of(line: dict) -> str:
    """A line's hash as docs/exports.md describes it."""
    content = bytes.fromhex(line["previous_hash"])
    for name in HASHED if line["subject"] is None else [*HASHED, "subject"]:
        value = line[name]
        if value is None:
            content += b"\xff\xff\xff\xff"
            continue
        if name == "details":
            value = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        if name.endswith("_at"):
            value = datetime.fromisoformat(value).astimezone(UTC).isoformat(timespec="microseconds")
        encoded = str(value).encode()
        content += len(encoded).to_bytes(4, "big") + encoded
    return hashlib.sha256(content).hexdigest()


async def test_every_line_carries_all_that_its_hash_covers(ledger):
    lines = await lines_of(ledger.pool)
    assert len(lines) == await ledger.pool.fetchval("select count(*) from entries")
    assert {line["kind"] for line in lines} >= {"GRANT", "REDEEM", "REVERSE"}
    assert [line["hash"] for line in lines] == [hash_of(line) for line in lines]


async def test_the_lines_of_a_customer_are_a_chain_from_the_first(ledger):
    last = {}
    for line in await lines_of(ledger.pool):
        previous = last.get(line["member_no"], (0, "00" * 32))
        assert (line["sequence"], line["previous_hash"]) == (previous[0] + 1, previous[1])
        last[line["member_no"]] = (line["sequence"], line["hash"])
    assert set(last) == {"M1", "M2"}


async def test_a_line_that_was_changed_no_longer_fits_its_hash(ledger):
    line = (await lines_of(ledger.pool, kinds=frozenset({"REDEEM"})))[0]
    assert hash_of(line) == line["hash"]
    assert hash_of(line | {"units": line["units"] + 1}) != line["hash"]


async def test_the_subject_is_kept_and_covered_by_the_hash(ledger):
    lines = await lines_of(ledger.pool)
    told = {line["subject"]: line for line in lines}
    assert set(told) == {None, "finance-7"}
    assert told["finance-7"]["kind"] == "REVERSE"
    for line, other in (
        (told["finance-7"], None),
        (told["finance-7"], "finance-8"),
        (told[None], "finance-7"),
    ):
        assert hash_of(line | {"subject": other}) != line["hash"]


async def test_csv_and_json_lines_tell_the_same_but_for_the_apostrophe(ledger):
    lines = await lines_of(ledger.pool)
    table = list(csv.DictReader(StringIO(await file_of(ledger.pool, EntryFilter(), EntryForm.CSV))))
    assert list(table[0]) == [column.name for column in COLUMNS] == list(lines[0])
    for row, line in zip(table, lines, strict=True):
        assert row["reference"] == {"=1+1": "'=1+1", None: ""}[line["reference"]]
        assert row["hash"] == line["hash"]
        assert row["units"] == ("" if line["units"] is None else str(line["units"]))
        assert datetime.fromisoformat(row["occurred_at"]) == datetime.fromisoformat(line["occurred_at"])


async def test_filters_take_what_they_say_and_all_apply(ledger):
    pool, day = ledger.pool, NOW.date()

    async def found(**where):
        return [(line["member_no"], line["kind"], line["vendor"]) for line in await lines_of(pool, **where)]

    redeemed = frozenset({"REDEEM"})
    assert await found(kinds=redeemed) == [
        ("M1", "REDEEM", "v"),
        ("M1", "REDEEM", "w"),
        ("M2", "REDEEM", "v"),
    ]
    assert await found(vendors=frozenset({"w"})) == [("M1", "REDEEM", "w")]
    assert await found(kinds=redeemed, member_nos=frozenset({"M2"})) == [("M2", "REDEEM", "v")]
    assert await found(kinds=redeemed, benefits=frozenset({"physical-exam"})) == []
    yesterday = Span(start=start_of(day - timedelta(days=1)), end=start_of(day))
    assert await found(kinds=redeemed, occurred=yesterday) == [("M1", "REDEEM", "w")]


async def test_a_file_without_entries_has_its_headings(ledger):
    where = EntryFilter(occurred=Span(end=start_of(date(2000, 1, 1))))
    assert (await file_of(ledger.pool, where, EntryForm.CSV)).split(",")[0] == "customer_id"
    assert await file_of(ledger.pool, where, EntryForm.JSONL) == ""


async def test_a_filter_that_names_what_does_not_exist_is_not_answered_with_nothing(ledger, handbook):
    where = EntryFilter(
        vendors=frozenset({"v", "nobody"}),
        member_nos=frozenset({"M1", "M9"}),
        benefits=frozenset({LAW, "teeth"}),
        kinds=frozenset({"REDEEM", "GIFT"}),
    )
    assert await unknown_in(ledger.pool, where, handbook) == [
        "there is no vendor nobody",
        "there is no member M9",
        "there is no benefit teeth",
        "there is no kind of entry GIFT",
    ]
    assert await unknown_in(ledger.pool, EntryFilter(vendors=frozenset({"v\x00"})), handbook)
    assert await unknown_in(ledger.pool, EntryFilter(), handbook) == []


async def test_what_is_posted_meanwhile_is_not_in_the_file(database):
    await fill(database.owner_pool, 200)
    async with aclosing(stream_entries(database.pool, EntryFilter())) as batches:
        seen = len(await anext(batches))
        assert 0 < seen < 2000
        await database.owner_pool.execute(
            "insert into entries select customer_id, 11, kind, benefit, period, policy_no, units, service_year, vendor,"
            " redemption, beneficiary, option, reference, star, edition, details, occurred_at, recorded_at, hash,"
            " subject"
            " from entries where sequence = 10"
        )
        seen += sum([len(batch) async for batch in batches])
    assert seen == 2000


async def test_a_stream_that_is_not_read_to_its_end_gives_its_connection_back(database):
    await fill(database.owner_pool, 200)
    async with aclosing(entry_chunks(database.pool, EntryFilter(), EntryForm.CSV)) as chunks:
        await anext(chunks)
        assert await reading(database.owner_pool) == 1
    assert await reading(database.owner_pool) == 0
