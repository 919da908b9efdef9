"""An activation is atomic; concurrent writers use either the old editions or the new ones."""

import asyncio
import io
from dataclasses import asdict
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from handbook import EditionError, read_source, with_edition
from ledger.posting.journal import Journal
from ledger.posting.outcomes import RedemptionOutcome
from ledger.verifying.verify import verify
from rating import activating
from rating.activating import OvertakenError, activate
from rating.activations import Activation, ActiveHandbook, OutdatedProgramError, handbook_within
from rating.importing import import_history
from rating.timeline import METHOD
from rating.verifying import verify_ratings
from tests.activation.conftest import (
    FIRST_DAY,
    LAST_DAY,
    LATER,
    NOW,
    PREMIUMS,
    STARS,
    history,
    lines,
    stars,
    tell,
    top_up,
)
from tests.activations import in_force, nobody, put_in_force, until_somebody_waits
from tests.editions import changed
from tests.ledger.books import a_redeem
from tests.ledger.stored import contract


@pytest.fixture
async def portfolio(database, handbook):
    """Four customers, rated by the shipped handbook, which is in force."""
    await put_in_force(database.pool, handbook, NOW)
    await tell(database.pool, await in_force(database.pool), *history())
    return database


async def versions(database):
    rows = await database.pool.fetch(
        "select customer_id, version, handbook, method, known_from from ratings order by customer_id, version"
    )
    return [tuple(row) for row in rows]


async def test_everybody_is_rated_by_the_new_edition_at_one_moment(portfolio, handbook, reviewed):
    before = {day: await stars(portfolio.pool, day) for day in STARS}
    assert before == {LAST_DAY: [0, 2, 3, 5], FIRST_DAY: [0, 2, 3, 5]}
    done = await put_in_force(portfolio.pool, reviewed, LATER)
    assert (done.customers, done.changed) == (4, 4)
    assert {day: await stars(portfolio.pool, day) for day in STARS} == STARS
    assert {day: await stars(portfolio.pool, day, LATER - timedelta(seconds=1)) for day in STARS} == before
    assert {row[2:] for row in await versions(portfolio) if row[1] == 2} == {
        (reviewed.fingerprint, METHOD, LATER)
    }
    active = await in_force(portfolio.pool)
    assert active.handbook.fingerprint == reviewed.fingerprint
    assert [each.code for each in active.handbook.editions] == ["zhenxuan-1", "zhenxuan-2"]
    assert await verify_ratings(portfolio.pool, handbook=active) == []
    assert await portfolio.pool.fetchval("select count(*) from staged_ratings") == 0


async def test_nothing_proposed_changes_nothing(portfolio):
    before = await versions(portfolio)
    assert (
        await activate(portfolio.pool, lambda _: None, clock=lambda: LATER, tell=nobody, progress=nobody)
        is None
    )
    assert await versions(portfolio) == before


async def test_whose_timeline_stays_the_same_keeps_the_version(portfolio, handbook, tmp_path):
    """A correction of star 4 alone leaves customers below it as they were, and is still what they are judged by."""
    corrected = _with_fourth_star_from(handbook, tmp_path, 200_000)
    await tell(portfolio.pool, handbook, top_up("M2", "250000.00", "t"))
    assert await stars(portfolio.pool, LAST_DAY) == [0, 2, 3, 5]
    done = await put_in_force(portfolio.pool, corrected, LATER)
    assert done.changed == 0
    await tell(portfolio.pool, corrected, top_up("M2", "250000.00", "t2"), now=LATER)
    assert await stars(portfolio.pool, LAST_DAY) == [0, 2, 4, 5]
    active = await in_force(portfolio.pool)
    assert await verify_ratings(portfolio.pool, handbook=active) == []


def _with_fourth_star_from(handbook, folder, threshold):
    def change(draft):
        draft.top["tiers"]["3"]["to"] = draft.top["tiers"]["4"]["from"] = threshold

    return with_edition(handbook, read_source(changed(folder, "zhenxuan-1", "1990-01-01", change)))


async def test_a_longer_cooling_off_reaches_policies_whose_owner_keeps_the_star(
    portfolio, handbook, tmp_path
):
    gift = {**history(1)[1], "event_id": "gift", "policy_no": "GIFT", "premium": "0.01", "line": "group"}
    await tell(portfolio.pool, await in_force(portfolio.pool), gift)
    longer = changed(
        tmp_path, "zhenxuan-1", "1990-01-01", lambda draft: draft.setting("cooling_off_days_long", 20)
    )
    done = await put_in_force(portfolio.pool, with_edition(handbook, read_source(longer)), LATER)
    assert done.changed == 4, "each counts from a later day"
    rows = await portfolio.pool.fetch("select distinct cooling_off_ends_on - issued_on as days from policies")
    assert [row["days"] for row in rows] == [20]


async def test_who_changes_between_the_rating_and_the_switch_is_rated_again(portfolio, reviewed, monkeypatch):
    switch = activating._switch

    async def late(conn, handbook, base, **options):
        await tell(portfolio.pool, await in_force(portfolio.pool), top_up("M0", "9000000.00", "t"), now=NOW)
        return await switch(conn, handbook, base, **options)

    monkeypatch.setattr(activating, "_switch", late)
    await put_in_force(portfolio.pool, reviewed, LATER)
    assert await stars(portfolio.pool, FIRST_DAY) == [5, 1, 3, 6]
    assert await verify_ratings(portfolio.pool, handbook=await in_force(portfolio.pool)) == []


async def test_what_is_staged_is_not_rated_again(portfolio, reviewed, monkeypatch):
    batches = []
    stage = activating._stage_batch

    async def counted(conn, heads, handbook):
        batches.append([head["customer_id"] for head in heads])
        await stage(conn, heads, handbook)

    async def killed(*_args, **_options):
        raise asyncio.CancelledError

    monkeypatch.setattr(activating, "_stage_batch", counted)
    monkeypatch.setattr(activating, "_CUSTOMERS_A_BATCH", 2)
    with monkeypatch.context() as patched:
        patched.setattr(activating, "_switch", killed)
        with pytest.raises(asyncio.CancelledError):
            await put_in_force(portfolio.pool, reviewed, LATER)
    assert await verify_ratings(portfolio.pool, handbook=await in_force(portfolio.pool)) == []
    await tell(portfolio.pool, await in_force(portfolio.pool), top_up("M1", "10000.00", "t"))
    told = []
    done = await activate(
        portfolio.pool,
        lambda _: reviewed,
        clock=lambda: LATER,
        tell=nobody,
        progress=lambda *step: told.append(step),
    )
    assert done.changed == 4
    assert batches == [[1, 2], [3, 4], [2]]
    assert told == [(4, 4)]


async def test_an_activation_in_between_stops_the_switch(portfolio, handbook, reviewed, monkeypatch):
    switch = activating._switch

    async def overtaken(conn, book, base, **options):
        await portfolio.pool.execute(
            "insert into activations (handbook, method, activated_at) values ($1, $2, $3)",
            handbook.fingerprint,
            METHOD,
            LATER,
        )
        return await switch(conn, book, base, **options)

    before = await versions(portfolio)
    monkeypatch.setattr(activating, "_switch", overtaken)
    with pytest.raises(OvertakenError):
        await put_in_force(portfolio.pool, reviewed, LATER)
    assert await versions(portfolio) == before


async def test_activations_at_once_take_turns(portfolio, reviewed):
    told: asyncio.Queue[str] = asyncio.Queue()

    def propose(active):
        return reviewed if active.handbook.fingerprint != reviewed.fingerprint else None

    async with portfolio.pool.acquire() as another:
        assert await another.fetchval(activating.SQL["try_to_claim"])
        running = asyncio.gather(
            *(
                activate(portfolio.pool, propose, clock=lambda: LATER, tell=told.put_nowait, progress=nobody)
                for _ in range(3)
            )
        )
        async with asyncio.timeout(30):
            waiting = [await told.get() for _ in range(3)]
        await another.execute(activating.SQL["release"])
    done = await running
    assert [each is not None for each in done].count(True) == 1
    assert waiting == ["another activation is under way: waiting for its end"] * 3
    assert await portfolio.pool.fetchval("select count(*) from activations") == 2


async def test_a_process_that_knows_only_the_old_editions_writes_by_the_new_ones(
    portfolio, handbook, reviewed
):
    """Its first writing transaction after the switch finds out; it need not have looked before."""
    old = await in_force(portfolio.pool)
    await contract(portfolio.pool, reviewed, "v")
    journal = Journal(portfolio.pool, old, lambda: datetime(2027, 1, 5, 2, tzinfo=UTC))
    await journal.start()
    try:
        await put_in_force(portfolio.pool, reviewed, LATER)
        outcome = await journal.post(a_redeem("legal-consultation", member_no="M3", units=120))
        assert isinstance(outcome, RedemptionOutcome), "twice what the old edition gives"
        assert old.handbook.fingerprint == reviewed.fingerprint
        older = ActiveHandbook([Activation(**{**asdict(old.activation), "id": 1})], handbook)
        await tell(portfolio.pool, older, top_up("M0", "9000000.00", "t"), now=LATER)
        assert older.activation == old.activation
    finally:
        await journal.stop()
    assert await stars(portfolio.pool, FIRST_DAY) == [5, 1, 3, 6]
    assert await verify_ratings(portfolio.pool, handbook=old) == []
    assert await verify(portfolio.pool) == []


async def test_a_reader_learns_of_the_switch_when_it_looks(portfolio, reviewed):
    active = await in_force(portfolio.pool)
    await active.look(portfolio.pool)
    assert len(active.handbook.editions) == 1
    await put_in_force(portfolio.pool, reviewed, LATER)
    await active.look(portfolio.pool)
    assert len(active.handbook.editions) == 2


async def test_a_switch_waits_for_who_writes_and_who_writes_for_the_switch(portfolio, reviewed):
    active = await in_force(portfolio.pool)
    async with portfolio.pool.acquire() as conn:
        transaction = conn.transaction()
        await transaction.start()
        assert await handbook_within(conn, active) is active.handbook
        switching = asyncio.create_task(put_in_force(portfolio.pool, reviewed, LATER))
        await until_somebody_waits(portfolio, "advisory")
        writing = asyncio.create_task(
            tell(portfolio.pool, active, top_up("M0", "9000000.00", "t"), now=LATER)
        )
        await asyncio.sleep(0.05)
        assert not switching.done()
        assert not writing.done()
        await transaction.commit()
    await asyncio.gather(switching, writing)
    assert await stars(portfolio.pool, FIRST_DAY) == [5, 1, 3, 6]


async def test_while_a_switch_waits_for_an_import_everybody_else_works_on(portfolio, reviewed):
    active = await in_force(portfolio.pool)
    told = []
    async with portfolio.pool.acquire() as conn:
        transaction = conn.transaction()
        await transaction.start()
        book = await handbook_within(conn, active, lasting=True)
        await import_history(conn, io.BytesIO(lines(history(6)[8:]).encode()), now=NOW, handbook=book)
        switching = asyncio.create_task(
            activate(
                portfolio.pool, lambda _: reviewed, clock=lambda: LATER, tell=told.append, progress=nobody
            )
        )
        await until_somebody_waits(portfolio, "advisory")
        assert told == ["an import or a match is under way: waiting for its end"]
        await asyncio.wait_for(tell(portfolio.pool, active, top_up("M0", "9000000.00", "t")), timeout=10)
        assert not switching.done()
        await transaction.commit()
    await switching
    assert await stars(portfolio.pool, FIRST_DAY) == [5, 1, 3, 6, 1, 1]
    assert await verify_ratings(portfolio.pool, handbook=await in_force(portfolio.pool)) == []


async def test_a_program_of_an_earlier_method_writes_no_more(portfolio):
    active = await in_force(portfolio.pool)
    await portfolio.pool.execute(
        "insert into activations (handbook, method, activated_at) select handbook, $1, activated_at from activations",
        METHOD + 1,
    )
    with pytest.raises(OutdatedProgramError):
        await tell(portfolio.pool, active, top_up("M0", "1.00", "t"))
    assert len(await versions(portfolio)) == len(PREMIUMS)


async def test_versions_follow_each_other_also_when_another_clock_was_ahead(portfolio, reviewed):
    ahead = LATER + timedelta(hours=3)
    await tell(portfolio.pool, await in_force(portfolio.pool), top_up("M0", "9000000.00", "t"), now=ahead)
    await put_in_force(portfolio.pool, reviewed, LATER)
    known = {row[0]: row[4] for row in await versions(portfolio)}
    assert (known[1], known[2]) == (ahead, LATER)
    assert await stars(portfolio.pool, FIRST_DAY) == [5, 1, 3, 6]
    assert await verify_ratings(portfolio.pool, handbook=await in_force(portfolio.pool)) == []


@pytest.mark.parametrize(
    "change",
    [
        "update handbooks set recorded_at = now()",
        "update activations set method = 1",
        "delete from handbooks",
        "delete from activations",
        "truncate handbooks cascade",
        "truncate activations",
    ],
)
async def test_what_was_in_force_is_never_changed(portfolio, change):
    with pytest.raises(asyncpg.RestrictViolationError):
        await portfolio.owner_pool.execute(change)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await portfolio.pool.execute(change)


async def test_stored_editions_that_were_tampered_with_are_refused(portfolio):
    async with portfolio.owner_pool.acquire() as conn:
        transaction = conn.transaction()
        await transaction.start()
        await conn.execute("alter table handbooks disable trigger user")
        await conn.execute(
            "update handbooks set editions = replace(editions::text, '臻选荟员', '荟员')::jsonb"
        )
        with pytest.raises(EditionError, match="not what was activated"):
            await ActiveHandbook.read(conn)
        await transaction.rollback()
