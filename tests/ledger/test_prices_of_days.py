"""The price of any day in SQL, which bills, matches and settlements read, is that of the terms as registered."""

import random
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from asyncpg import InsufficientPrivilegeError

from app.orm import orm
from base.database import Pool
from handbook import Handbook
from ledger import migrations
from ledger.entitlement.terms import Term
from ledger.refusals import Refusal
from ledger.vendors.contracts import Delivery, term_of
from ledger.vendors.registry import contracts_of, register_vendor, vendors_by_code

EXAM = "physical-exam"
VARIANTS = (None, "优质体检", "高端体检")
FIRST = date(2026, 1, 1)
MIGRATION = Path(migrations.__file__).with_name("0025_contract_prices.sql")
NOW = datetime(2026, 10, 1, tzinfo=UTC)
PRICES = """
select v as variant, d::date as day, p.unit_price, coalesce(graded.unit_price, plain.unit_price) as joined
from unnest($2::text[]) v cross join generate_series($3::date, $3::date + 60, interval '1 day') d
left join lateral price_on($1, 'physical-exam', v, d::date) p on true
left join contract_prices graded on graded.vendor = $1 and graded.benefit = 'physical-exam' and graded.variant = v
    and graded.starts_on <= d and (graded.ends_on is null or graded.ends_on > d)
left join contract_prices plain on plain.vendor = $1 and plain.benefit = 'physical-exam' and plain.variant is null
    and plain.starts_on <= d and (plain.ends_on is null or plain.ends_on > d)
"""


def any_term(source: random.Random) -> Term:
    starts_on = FIRST + timedelta(days=source.randint(0, 40))
    length = source.choice([None, source.randint(1, 20)])
    return Term(
        benefit=EXAM,
        variant=source.choice(VARIANTS),
        unit_price=Decimal(source.randint(1, 5)),
        starts_on=starts_on,
        ends_on=starts_on + timedelta(days=length) if length else None,
    )


async def test_the_price_of_any_day_in_sql_is_that_of_the_terms(database: Any, handbook: Handbook) -> None:
    async with orm(database.dsn):
        await compare(database.pool, handbook)
    kept = await spans_of(database.pool)
    await database.owner_pool.execute(MIGRATION.read_text(encoding="utf-8"))
    assert await spans_of(database.pool) == kept, "terms that were there before get the same prices"


async def spans_of(pool: Pool) -> list[tuple[Any, ...]]:
    rows = await pool.fetch("select * from contract_prices order by vendor, variant, starts_on")
    return [tuple(row) for row in rows]


async def test_the_service_writes_no_price_but_by_a_term(database: Any) -> None:
    for change in (
        "insert into contract_prices values ('v', 'b', null, 1, '2026-01-01')",
        "update contract_prices set unit_price = 1",
        "delete from contract_prices",
    ):
        with pytest.raises(InsufficientPrivilegeError):
            await database.pool.execute(change)


async def compare(pool: Pool, handbook: Handbook) -> None:
    source = random.Random(14)
    for number in range(8):
        code = f"v-{number}"
        accepted: list[Term] = []
        for _ in range(10):
            term = any_term(source)
            answers = [
                await register_vendor(code=code, name="V", terms=[term], handbook=handbook, now=NOW)
                for _ in range(2)
            ]
            assert isinstance(answers[0], Refusal) == isinstance(answers[1], Refusal)
            if not isinstance(answers[0], Refusal):
                assert answers[0] == answers[1], "what was accepted is accepted again, and changes nothing"
                accepted += [term] if term not in accepted else []
        stored = (await contracts_of(pool, [code]))[code]
        assert len(stored) == len(accepted)
        assert set(stored) == set(accepted)
        spans = (await vendors_by_code(pool, [code]))[code].terms
        rows = await pool.fetch(PRICES, code, list(VARIANTS), FIRST)
        assert len(rows) == len(VARIANTS) * 61, "no two spans of prices have a day in common"
        for row in rows:
            assert row["joined"] == row["unit_price"]
            at = Delivery(benefit=EXAM, variant=row["variant"], day=row["day"])
            for terms in (accepted, spans):
                priced = term_of(terms, at)
                assert row["unit_price"] == (priced.unit_price if priced else None), at
