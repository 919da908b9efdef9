"""The database keeps what it was told: statements by name, JSON as values, and nothing recorded is changed."""

from pathlib import Path

import asyncpg
import pytest

import rating
from app.orm import orm
from base.database import RawJson
from base.sql import Queries
from rating import customers as reading
from rating.models import Customer, Policy, Relative
from rating.recording import append_events
from tests.rating.build import NOW, day, event, issued, registered, sent


@pytest.fixture
async def filled(database, handbook):
    """A database with one customer."""
    async with database.pool.acquire() as conn, conn.transaction():
        await append_events(
            conn,
            sent(registered("2024-01-10"), issued("2024-01-10"), event("relative_registered", "2024-02-01")),
            now=NOW,
            handbook=handbook,
        )
    return database


@pytest.mark.parametrize("table", ["policy_events", "event_ids", "ratings", "rating_periods"])
@pytest.mark.parametrize(
    "statement", ["update {table} set customer_id = customer_id", "delete from {table}", "truncate {table}"]
)
async def test_the_service_may_not_change_what_was_recorded(filled, table, statement):
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await filled.pool.execute(statement.format(table=table))


@pytest.mark.parametrize(
    "statement",
    ["update policy_events set arrival = arrival", "delete from policy_events", "truncate policy_events"],
)
async def test_the_owner_may_not_change_events_either(filled, statement):
    with pytest.raises(asyncpg.RestrictViolationError, match="append-only"):
        await filled.owner_pool.execute(statement)


async def test_a_table_that_knew_five_stars_knows_no_highest_one_any_more(database):
    period = "insert into rating_periods values (1, 1, $1, null, $2, 0, null)"
    script = Path(rating.__file__).with_name("migrations") / "0003_stars.sql"
    async with database.owner_pool.acquire() as owner:
        await owner.execute(
            "alter table rating_periods drop constraint rating_periods_star_not_negative,"
            " add constraint rating_periods_star_known check (star between 0 and 5)"
        )
        await owner.execute(period, day("2024-01-01"), 5)
        for _ in range(2):  # that it ran is recorded after its transaction
            await owner.execute(script.read_text("utf-8"))
        await owner.execute(period, day("2025-01-01"), 6)
        with pytest.raises(asyncpg.CheckViolationError, match="rating_periods_star_not_negative"):
            await owner.execute(period, day("2026-01-01"), -1)


async def test_json_goes_in_and_out_as_values(database):
    for value in ({"名": ["值", 1, None]}, [[1, 2], [3]], "text", None):
        assert await database.pool.fetchval("select $1::jsonb", value) == value
        assert await database.pool.fetchval("select $1::json", value) == value
    texts = [RawJson.of([["2024-01-10", "IN_FORCE"]]), RawJson.of([])]
    assert await database.pool.fetchval("select $1::jsonb[]", texts) == [[["2024-01-10", "IN_FORCE"]], []]


async def test_a_text_that_no_database_holds_finds_nobody(filled):
    strange = ["M1\x00", "\ud800", "M2"]
    assert await reading.customers_by_member_no(filled.pool, strange) == {}
    page = {"first": 10, "on": day("2024-06-01")}
    assert await reading.customers_page(filled.pool, **page, member_nos=strange) == []
    assert await reading.customers_page(filled.pool, **page, after="M1\x00") == []
    assert len(await reading.customers_page(filled.pool, **page, after="\x00")) == 1


async def test_customers_can_be_found_by_either_key(filled):
    (by_number,) = (await reading.customers_by_member_no(filled.pool, ["M1", "M9"])).values()
    assert await reading.customers_by_id(filled.pool, [by_number.id, -1]) == {by_number.id: by_number}
    assert await reading.policies(filled.pool, [-1]) == {-1: []}
    assert await reading.relatives(filled.pool, [-1]) == {-1: []}


async def test_the_models_read_the_same_tables(filled):
    async with orm(filled.dsn):
        customer = await Customer.get(member_no="M1")
        policy = await Policy.get(customer_id=customer.id, policy_no="P1")
        relative = await Relative.get(customer_id=customer.id, relative_id="R1")
    assert (customer.name, policy.issued_on, relative.relation) == ("张三", day("2024-01-10"), "spouse")
    assert policy.statuses == [["2024-01-10", "IN_FORCE"]]
    assert policy.components[0]["component_id"] == "base"


def test_queries_are_found_by_name(tmp_path):
    file = tmp_path / "some.sql"
    file.write_text("-- About the file.\n\n-- name: one\n-- What for.\nselect 1;\n\n-- name: two\nselect 2\n")
    found = Queries(file)
    assert dict(found) == {"one": "-- What for.\nselect 1", "two": "select 2"}
    assert len(found) == 2
    with pytest.raises(KeyError, match=r"some\.sql has no query three"):
        found["three"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("-- name: one\nselect 1;\n-- name: one\nselect 2;\n", "two queries one"),
        ("-- name: one\n-- only words\n-- name: two\nselect 2;\n", "one is followed by no query"),
    ],
)
def test_a_file_of_queries_with_a_fault_is_refused(tmp_path, text, reason):
    file = tmp_path / "some.sql"
    file.write_text(text)
    with pytest.raises(ValueError, match=reason):
        Queries(file)
