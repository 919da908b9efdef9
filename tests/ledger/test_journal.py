"""The journal on a real database: groups that commit, fail and are retried, and each caller gets its own outcome."""

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import asyncpg
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from base.outages import OutageError
from handbook import business_day, start_of
from ledger.commands import Evidence
from ledger.entitlement.account import Taken
from ledger.entitlement.loading import SQL, load_accounts, load_rated_account, load_rated_accounts, pool_of
from ledger.ids import RedemptionId
from ledger.posting import committing as committing_module
from ledger.posting import journal as journal_module
from ledger.posting.batch import load_batch
from ledger.posting.journal import BatchFailedError, Journal, JournalClosedError
from ledger.posting.outcomes import RedemptionOutcome
from ledger.posting.recording import record_events
from ledger.refusals import Refusal
from ledger.verifying.verify import verify
from rating.intake import Recorded
from tests.ledger.books import (
    NOW,
    TODAY,
    Desk,
    a_car_t,
    a_confirm,
    a_hold,
    a_no_show,
    a_redeem,
    a_release,
    a_reversal,
)
from tests.ledger.stored import (
    SetClock,
    an_event,
    contract,
    enrol,
    entries_of,
    everything,
    journals,
)

AT_ONCE = 64


@pytest.fixture
async def contracted(database, handbook):
    """A database in which vendors v and w are contracted for everything."""
    await contract(database.pool, handbook, "v", "w")
    return database


def codes(outcomes) -> Counter[str]:
    return Counter(each.code.value if isinstance(each, Refusal) else each.status.value for each in outcomes)


async def test_of_64_who_want_the_last_unit_through_two_journals_one_gets_it(contracted, handbook):
    await enrol(contracted.pool, handbook, "M1")
    async with journals(contracted.pool, handbook, SetClock(), 2) as both:
        outcomes = await asyncio.gather(
            *(both[number % 2].post(a_redeem(vendor="vw"[number % 3 > 0])) for number in range(AT_ONCE))
        )
    assert codes(outcomes) == {"REDEEMED": 1, "QUOTA_EXHAUSTED": AT_ONCE - 1}
    assert await contracted.pool.fetchval("select count(*) from entries where kind = 'REDEEM'") == 1
    assert await contracted.pool.fetchval("select count(*) from outcomes") == AT_ONCE
    assert await verify(contracted.pool) == []


@pytest.mark.parametrize("count", [1, 2])
async def test_the_same_key_64_times_at_once_is_one_redemption_and_63_replays(contracted, handbook, count):
    await enrol(contracted.pool, handbook, "M1")
    command = a_redeem("medical-butler", key="same")
    async with journals(contracted.pool, handbook, SetClock(), count) as running:
        outcomes = await asyncio.gather(*(running[each % count].post(command) for each in range(AT_ONCE)))
    assert codes(outcomes) == {"REDEEMED": AT_ONCE}
    assert Counter(each.replayed for each in outcomes) == {False: 1, True: AT_ONCE - 1}
    assert len({each.id for each in outcomes}) == 1
    assert await contracted.pool.fetchval("select count(*) from entries where kind = 'REDEEM'") == 1
    assert await contracted.pool.fetchval("select count(*) from outcomes") == 1


async def test_a_refusal_in_a_group_spoils_no_neighbour(contracted, handbook):
    await enrol(contracted.pool, handbook, "M1", "M2")
    commands = [
        a_redeem(),
        a_redeem(),
        a_redeem("nothing"),
        a_car_t(),
        a_redeem(member_no="M9"),
        a_redeem(member_no="M2"),
        a_redeem(key="\x00"),
        a_release(RedemptionId(999, 1)),
        a_car_t(member_no="M2", beneficiary="R1"),
    ]
    async with journals(contracted.pool, handbook, SetClock()) as (journal,):
        outcomes = await journal.post_many(commands)
    assert [each.code if isinstance(each, Refusal) else each.status for each in outcomes] == [
        "REDEEMED",
        "QUOTA_EXHAUSTED",
        "UNKNOWN_BENEFIT",
        "REDEEMED",
        "UNKNOWN_CUSTOMER",
        "REDEEMED",
        "INVALID",
        "UNKNOWN_REDEMPTION",
        "REDEEMED",
    ]
    assert outcomes[-1].redemption.beneficiary.relation == "spouse"
    stored = await contracted.pool.fetch("select key from outcomes")
    told = {command.key for number, command in enumerate(commands) if number not in (4, 6, 7)}
    assert {row["key"] for row in stored} == told
    assert await verify(contracted.pool) == []


async def test_for_who_is_unknown_nothing_is_stored(contracted, handbook):
    before = await everything(contracted.pool)
    async with journals(contracted.pool, handbook, SetClock()) as (journal,):
        for _ in range(2):
            outcome = await journal.post(a_redeem(member_no="M9", key="k"))
            assert outcome.code == "UNKNOWN_CUSTOMER"
        assert (
            await journal.post(a_confirm(RedemptionId(2**63 - 1, 2**63 - 1)))
        ).code == "UNKNOWN_REDEMPTION"
    assert await everything(contracted.pool) == before


async def test_a_command_that_breaks_the_program_fails_alone(contracted, handbook, monkeypatch):
    members = [f"M{number}" for number in range(1, 9)]
    await enrol(contracted.pool, handbook, *members)
    decide = committing_module.decide

    def decide_or_break(state, command, **more):
        if command.key == "poison":
            raise ZeroDivisionError
        return decide(state, command, **more)

    monkeypatch.setattr(committing_module, "decide", decide_or_break)
    commands = [a_redeem(member_no=each) for each in members]
    commands.insert(5, a_car_t(key="poison"))
    async with journals(contracted.pool, handbook, SetClock()) as (journal,):
        outcomes = await asyncio.gather(*map(journal.post, commands), return_exceptions=True)
        assert isinstance(outcomes.pop(5), ZeroDivisionError)
        assert codes(outcomes) == {"REDEEMED": len(members)}
        monkeypatch.setattr(committing_module, "decide", decide)
        assert (await journal.post(commands[5])).status == "REDEEMED"
    assert await verify(contracted.pool) == []


@pytest.mark.parametrize(
    "error",
    [
        asyncpg.DeadlockDetectedError("deadlock detected"),
        asyncpg.SerializationError("could not serialize"),
        asyncpg.ConnectionDoesNotExistError("connection was closed"),
        asyncpg.CannotConnectNowError("the database system is starting up"),
        asyncpg.AdminShutdownError("terminating connection due to administrator command"),
        asyncpg.CrashShutdownError("terminating connection because of crash of another server process"),
        asyncpg.TooManyConnectionsError("sorry, too many clients already"),
        asyncpg.InterfaceError("connection is closed"),
        ConnectionResetError("reset by peer"),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_what_fails_for_a_moment_is_tried_again(contracted, handbook, monkeypatch, error):
    await enrol(contracted.pool, handbook, "M1")
    write_batch, failures = committing_module.write_batch, [error, error]

    async def write_or_fail(conn, batch):
        await write_batch(conn, batch)
        if failures:
            raise failures.pop()

    monkeypatch.setattr(committing_module, "write_batch", write_or_fail)
    async with journals(contracted.pool, handbook, SetClock()) as (journal,):
        outcomes = await journal.post_many([a_redeem(), a_car_t()])
    assert failures == []
    assert codes(outcomes) == {"REDEEMED": 2}
    assert await contracted.pool.fetchval("select count(*) from outcomes") == 2
    assert await verify(contracted.pool) == []


async def test_a_connection_that_the_server_ends_is_replaced(contracted, handbook, monkeypatch):
    await enrol(contracted.pool, handbook, "M1")
    write_batch, ended = committing_module.write_batch, []

    async def write_after_the_end(conn, batch):
        if not ended:
            ended.append(await conn.fetchval("select pg_backend_pid()"))
            await contracted.owner_pool.execute("select pg_terminate_backend($1)", ended[0])
        await write_batch(conn, batch)

    monkeypatch.setattr(committing_module, "write_batch", write_after_the_end)
    async with journals(contracted.pool, handbook, SetClock()) as (journal,):
        outcome = await journal.post(a_redeem())
    assert ended
    assert (outcome.status, outcome.replayed) == ("REDEEMED", False)
    assert await verify(contracted.pool) == []


async def test_a_column_that_a_later_version_adds_stops_nobody_who_writes(contracted, handbook):
    """A migration may run while processes of the version before still serve."""
    await enrol(contracted.pool, handbook, "M1")
    async with journals(contracted.pool, handbook, SetClock()) as (journal,):
        outcomes = [await journal.post(a_redeem("medical-butler"))]
        for table in ("balances", "redemptions", "outcomes", "contract_terms"):
            await contracted.owner_pool.execute(f"alter table {table} add column later text")
        outcomes += [await journal.post(a_redeem("medical-butler")) for _ in range(2)]
    assert codes(outcomes) == {"REDEEMED": 3}
    assert [each.quota.used for each in outcomes] == [1, 2, 3]


async def test_a_commit_that_nobody_heard_of_is_found_and_not_done_twice(contracted, handbook, monkeypatch):
    await enrol(contracted.pool, handbook, "M1")
    transaction = asyncpg.transaction.Transaction
    leave, lost = transaction.__aexit__, []

    async def leave_and_lose_the_answer(self, kind, error, trace):
        await leave(self, kind, error, trace)
        if not lost:
            lost.append(self)
            raise ConnectionResetError

    async with journals(contracted.pool, handbook, SetClock()) as (journal,):
        monkeypatch.setattr(transaction, "__aexit__", leave_and_lose_the_answer)
        outcomes = await journal.post_many([a_redeem(), a_redeem()])
    assert lost
    assert codes(outcomes) == {"REDEEMED": 1, "QUOTA_EXHAUSTED": 1}
    assert await contracted.pool.fetchval("select count(*) from entries where kind = 'REDEEM'") == 1
    assert await verify(contracted.pool) == []


async def test_without_a_database_all_who_wait_are_told_soon(contracted, handbook, monkeypatch):
    tried = []

    async def nobody_there(_conn, commands, **_more):
        tried.append(len(commands))
        raise ConnectionRefusedError

    monkeypatch.setattr(journal_module, "commit", nobody_there)
    async with journals(contracted.pool, handbook, SetClock()) as (journal,):
        outcomes = await asyncio.gather(
            *(journal.post(a_redeem()) for _ in range(100)), return_exceptions=True
        )
        assert {type(each) for each in outcomes} == {OutageError}
        assert {type(each.__cause__) for each in outcomes} == {ConnectionRefusedError}
        assert journal.running
    assert len(tried) <= 2 * journal_module._TRIES, (
        "who waits behind a batch that failed is not tried one by one"
    )


@pytest.mark.parametrize(
    "error",
    [
        asyncpg.DiskFullError("could not extend file: No space left on device"),
        asyncpg.OutOfMemoryError("out of memory"),
        asyncpg.QueryCanceledError("canceling statement due to statement timeout"),
        asyncpg.PostgresIOError("could not write block"),
        asyncpg.ReadOnlySQLTransactionError("cannot execute INSERT in a read-only transaction"),
        TimeoutError(),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_an_outage_fails_all_at_once_and_no_batch_is_split_or_tried_again(
    contracted, handbook, monkeypatch, error
):
    members = [f"M{number}" for number in range(1, 9)]
    await enrol(contracted.pool, handbook, *members)
    write_batch, sizes = committing_module.write_batch, []

    async def fail(conn, batch):
        await write_batch(conn, batch)
        sizes.append(len(batch.outcomes))
        raise error

    before = await everything(contracted.pool)
    commands = [a_redeem(member_no=each) for each in members]
    async with journals(contracted.pool, handbook, SetClock()) as (journal,):
        monkeypatch.setattr(committing_module, "write_batch", fail)
        with capture_logs() as logs:
            outcomes = await asyncio.gather(*map(journal.post, commands), return_exceptions=True)
        assert sizes == [len(members)]
        assert {type(each) for each in outcomes} == {OutageError}
        assert len({id(each) for each in outcomes}) == len(members)
        assert await everything(contracted.pool) == before
        assert [(line["event"], line["commands"]) for line in logs] == [("nothing can be written", 8)]
        assert "M1" not in str(logs)
        monkeypatch.setattr(committing_module, "write_batch", write_batch)
        with capture_logs() as logs:
            assert codes(await journal.post_many(commands)) == {"REDEEMED": 8}
        assert [line["event"] for line in logs] == ["writing works again"]
    assert await verify(contracted.pool) == []


async def test_a_failure_that_no_command_can_have_caused_is_not_split_either(
    contracted, handbook, monkeypatch
):
    await enrol(contracted.pool, handbook, "M1", "M2")
    tries = []

    async def fail(_conn, batch):
        tries.append(batch)
        raise asyncpg.UndefinedTableError('relation "entries" does not exist')

    monkeypatch.setattr(committing_module, "write_batch", fail)
    async with journals(contracted.pool, handbook, SetClock()) as (journal,):
        posts = (journal.post(a_redeem(member_no=each)) for each in ("M1", "M2"))
        outcomes = await asyncio.gather(*posts, return_exceptions=True)
    assert {type(each) for each in outcomes} == {BatchFailedError}
    assert len(tries) == 1


async def test_the_log_of_a_split_batch_is_short_and_quotes_no_values(contracted, handbook, monkeypatch):
    await enrol(contracted.pool, handbook, "M1", "M2")

    async def fail(_conn, _batch):
        raise asyncpg.DataError("invalid input for query argument $9: " + "M1" * 500_000)

    monkeypatch.setattr(committing_module, "write_batch", fail)
    with capture_logs() as logs:
        async with journals(contracted.pool, handbook, SetClock()) as (journal,):
            posts = (journal.post(a_redeem(member_no=each)) for each in ("M1", "M2"))
            outcomes = await asyncio.gather(*posts, return_exceptions=True)
    assert {type(each) for each in outcomes} == {asyncpg.DataError}
    assert logs == [
        {
            "event": "journal batch failed and is split",
            "log_level": "warning",
            "size": 2,
            "error": "DataError 22000",
        }
    ]


async def test_commands_on_a_customer_that_stays_locked_are_busy_and_their_key_stays_free(
    contracted, handbook
):
    first, _ = await enrol(contracted.pool, handbook, "M1", "M2")
    journal = Journal(contracted.pool, handbook, SetClock(), busy_after_seconds=0.1)
    await journal.start()
    command = a_redeem()
    async with contracted.pool.acquire() as other, other.transaction():
        await load_batch(other, [first], now=NOW)
        before = await everything(contracted.pool)
        outcomes = await asyncio.wait_for(journal.post_many([command, a_redeem()]), timeout=30)
        assert codes(outcomes) == {"BUSY": 2}
        assert outcomes[0].retry_after == 2
        assert await everything(contracted.pool) == before
        assert codes([await journal.post(a_redeem(member_no="M2"))]) == {"REDEEMED": 1}
    taken = await journal.post(command)
    assert (taken.status, taken.replayed) == ("REDEEMED", False)
    await journal.stop()
    assert await verify(contracted.pool) == []


async def test_an_activation_that_lasts_makes_commands_busy(contracted, handbook, monkeypatch):
    await enrol(contracted.pool, handbook, "M1")

    async def wait_too_long(*_args, **_more):
        raise asyncpg.LockNotAvailableError("canceling statement due to lock timeout")

    async with journals(contracted.pool, handbook, SetClock()) as (journal,):
        monkeypatch.setattr(journal_module, "handbook_within", wait_too_long)
        assert codes([await journal.post(a_redeem())]) == {"BUSY": 1}


async def test_commands_whose_client_left_before_the_batch_are_not_decided(contracted, handbook):
    await enrol(contracted.pool, handbook, "M1")
    async with journals(contracted.pool, handbook, SetClock()) as (journal,):
        gone = asyncio.ensure_future(journal.post(a_redeem(key="gone")))
        await asyncio.sleep(0)
        gone.cancel()
        await journal.post(a_car_t())
    assert await contracted.pool.fetchval("select count(*) from outcomes where key = 'gone'") == 0


async def test_stopping_finishes_what_waits_and_takes_no_more(contracted, handbook):
    await enrol(contracted.pool, handbook, "M1")
    journal = Journal(contracted.pool, handbook, SetClock())
    with pytest.raises(JournalClosedError):
        await journal.post(a_redeem())
    await journal.start()
    waiting = [asyncio.ensure_future(journal.post(a_redeem("vip-line"))) for _ in range(300)]
    await asyncio.sleep(0)
    stopping = asyncio.ensure_future(journal.stop())
    await asyncio.sleep(0)
    assert not journal.running
    with pytest.raises(JournalClosedError):
        await journal.post(a_redeem())
    await stopping
    assert codes(await asyncio.gather(*waiting)) == {"REDEEMED": 300}
    await journal.stop()


async def test_who_is_locked_by_somebody_else_holds_up_nobody(contracted, handbook):
    first, _ = await enrol(contracted.pool, handbook, "M1", "M2")
    async with (
        journals(contracted.pool, handbook, SetClock()) as (journal,),
        contracted.pool.acquire() as other,
    ):
        transaction = other.transaction()
        await transaction.start()
        await load_batch(other, [first], now=NOW)
        locked = [asyncio.ensure_future(journal.post(a_redeem("vip-line"))) for _ in range(3)]
        nobody = journal.post(a_release(RedemptionId(999_999, 1)))
        free = await asyncio.wait_for(
            asyncio.gather(journal.post(a_redeem(member_no="M2")), nobody), timeout=30
        )
        assert codes(free) == {"REDEEMED": 1, "UNKNOWN_REDEMPTION": 1}
        stopping = asyncio.ensure_future(journal.stop())
        await asyncio.sleep(0.3)
        assert not stopping.done()
        assert not any(each.done() for each in locked)
        await transaction.rollback()
        assert codes(await asyncio.wait_for(asyncio.gather(*locked), timeout=30)) == {"REDEEMED": 3}
        await asyncio.wait_for(stopping, timeout=30)


async def test_nobody_waits_for_ever_on_a_journal_that_was_cancelled(contracted, handbook, monkeypatch):
    async def never(*_args, **_more):
        await asyncio.Event().wait()

    monkeypatch.setattr(journal_module, "commit", never)
    journal = Journal(contracted.pool, handbook, SetClock())
    await journal.start()
    first = asyncio.ensure_future(journal.post(a_redeem()))
    await asyncio.sleep(0.05)
    second = asyncio.ensure_future(journal.post(a_redeem()))
    await asyncio.sleep(0.01)
    journal._task.cancel()
    for each in (first, second):
        with pytest.raises(JournalClosedError):
            await asyncio.wait_for(each, timeout=30)
    assert not journal.running


async def test_who_goes_away_while_waiting_does_not_disturb_the_others(contracted, handbook):
    await enrol(contracted.pool, handbook, "M1")
    async with journals(contracted.pool, handbook, SetClock()) as (journal,):
        posts = [asyncio.ensure_future(journal.post(a_redeem("vip-line"))) for _ in range(9)]
        await asyncio.sleep(0)
        posts[4].cancel()
        outcomes = await asyncio.gather(*posts, return_exceptions=True)
    assert isinstance(outcomes.pop(4), asyncio.CancelledError)
    assert codes(outcomes) == {"REDEEMED": 8}


async def test_many_customers_in_opposite_orders_from_two_journals_never_lock_each_other(
    contracted, handbook
):
    members = [f"M{number}" for number in range(1, 41)]
    await enrol(contracted.pool, handbook, *members)
    async with journals(contracted.pool, handbook, SetClock(), 2) as (one, other):
        outcomes = []
        for _ in range(4):
            there = [a_redeem("vip-line", member_no=each) for each in members]
            back = [a_redeem("vip-line", member_no=each, vendor="w") for each in reversed(members)]
            settling = record_events(
                contracted.pool,
                [
                    an_event(
                        "relative_registered",
                        each,
                        "2026-01-01",
                        relative_id="R2",
                        name="子",
                        relation="child",
                    )
                    for each in members[::-3]
                ],
                now=NOW,
                handbook=handbook,
            )
            answers = asyncio.gather(one.post_many(there), other.post_many(back), settling)
            first, second, _ = await asyncio.wait_for(answers, timeout=30)
            outcomes += [*first, *second]
    assert codes(outcomes) == {"REDEEMED": 8 * len(members)}
    assert await verify(contracted.pool) == []


async def test_commands_of_a_batch_larger_than_the_largest_group_are_all_answered(contracted, handbook):
    await enrol(contracted.pool, handbook, "M1", "M2")
    commands = [a_redeem("vip-line", member_no=f"M{number % 2 + 1}") for number in range(700)]
    async with journals(contracted.pool, handbook, SetClock()) as (journal,):
        outcomes = await journal.post_many(commands)
    assert codes(outcomes) == {"REDEEMED": 700}
    assert [each.redemption.member_no for each in outcomes] == [each.member_no for each in commands]
    by_customer = [
        [each.id.sequence for each in outcomes if each.redemption.member_no == member]
        for member in ("M1", "M2")
    ]
    assert all(each == sorted(each) for each in by_customer)
    assert await verify(contracted.pool) == []


takings = st.fixed_dictionaries(
    {
        "what": st.sampled_from([a_redeem, a_hold]),
        "member": st.integers(1, 2),
        "vendor": st.sampled_from(["v", "w"]),
        "benefit": st.sampled_from(
            [
                "legal-consultation",
                "medical-butler",
                "physical-exam",
                "vip-line",
                "life-bank",
                "second-opinion",
                "lucky-policy-number",
            ]
        ),
        "units": st.sampled_from([1, 1, 2, 25]),
        "hours_back": st.sampled_from([None, None, 3, 24 * 10]),
    }
)
follow_ups = st.fixed_dictionaries(
    {
        "what": st.sampled_from([a_confirm, a_release, a_no_show, a_reversal]),
        "which": st.integers(0, 50),
        "units": st.sampled_from([None, 1]),
    }
)
rounds = st.lists(
    st.tuples(
        st.sampled_from([0, 1, 30, 24 * 10, 24 * 300]),
        st.sampled_from([None, None, None, 1, 3, 5]),
        st.lists(takings | follow_ups | st.just("again"), min_size=1, max_size=6),
    ),
    max_size=5,
)


class Comparison:
    """Two members, at the journal and each at a desk of their own that decides in memory."""

    def __init__(self, number: int, ids: list[int]) -> None:
        self.members = {f"H{number}-{place}": each for place, each in enumerate(ids, start=1)}
        self.number = number
        self.desks: dict[str, Desk] = {}
        self.known: list[RedemptionOutcome] = []
        self.last = None
        self.component = "base"
        """What the first member pays, and so the star rests on."""

    def command(self, asked, now):
        """The command that was drawn, and whose it is."""
        if asked == "again":
            return self.last
        asked = dict(asked)
        make = asked.pop("what")
        if make in (a_redeem, a_hold):
            member_no = f"H{self.number}-{asked.pop('member')}"
            back = asked.pop("hours_back")
            if back is not None:
                asked["occurred_at"] = now - timedelta(hours=back)
            if asked["benefit"] == "lucky-policy-number":
                asked["wished_number"] = f"Wunsch{asked['units']:02}"
            evidence = (Evidence(kind="first-opinion", reference="意见书", diagnosed_on=TODAY),)
            return make(**asked, member_no=member_no, evidence=evidence, reference="№1"), member_no
        if not self.known:
            return None
        taken = self.known[asked["which"] % len(self.known)]
        slip = (Evidence(kind="admission-slip", reference=f"S-{asked['which']}"),)
        more = {"units": asked["units"], "evidence": slip} if make is a_confirm else {"reason": "改期"}
        return make(taken.id, actor=f"vendor:{taken.redemption.vendor}", **more), taken.redemption.member_no


async def states_of(database, ids, now):
    async with database.pool.acquire() as conn, conn.transaction():
        return (await load_batch(conn, ids, now=now)).loaded


# Shrinking would play some hundred histories on the database: what fails is printed as it was found.
@settings(max_examples=15, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(asked=rounds)
async def test_the_journal_decides_and_stores_what_the_pure_decision_says(contracted, handbook, asked):
    number = await contracted.pool.fetchval("select count(*) from customers")
    ids = await enrol(contracted.pool, handbook, f"H{number}-1", f"H{number}-2")
    comparison = Comparison(number, ids)
    clock = SetClock()
    states = await states_of(contracted, ids, clock.now)
    before = {each: len(await entries_of(contracted.pool, each)) for each in ids}
    comparison.desks = {
        member_no: Desk(handbook, states[each]) for member_no, each in comparison.members.items()
    }
    async with journals(contracted.pool, handbook, clock) as (journal,):
        for place, (hours, star, wanted) in enumerate(asked):
            clock.now += timedelta(hours=hours)
            if star is not None:
                await change_the_star(contracted, handbook, comparison, clock, star, place)
            for desk in comparison.desks.values():
                desk.now = clock.now
            commands = [
                found for each in wanted if (found := comparison.command(each, clock.now)) is not None
            ]
            outcomes = await journal.post_many([command for command, _ in commands])
            for (command, member_no), outcome in zip(commands, outcomes, strict=True):
                assert outcome == comparison.desks[member_no].ask(command)
                comparison.last = (command, member_no)
                if isinstance(outcome, RedemptionOutcome):
                    comparison.known.append(outcome)
    for member_no, customer_id in comparison.members.items():
        stored = await entries_of(contracted.pool, customer_id)
        assert stored[before[customer_id] :] == comparison.desks[member_no].entries
    await the_reads_agree(contracted, ids, clock.now)
    assert await verify(contracted.pool) == []


async def change_the_star(database, handbook, comparison, clock, star, place):
    """The first member pays another premium of a policy instead of the one before, and so rises or falls to a star."""
    member_no = f"H{comparison.number}-1"
    policy = {"policy_no": f"{member_no}-P"}
    today, paid = business_day(clock.now), f"paid-{place}"
    premium = {
        "premium": {1: "31000.00", 3: "160000.00", 5: "600000.00"}[star],
        "mode": "annual",
        "term_years": 20,
    }
    events = [
        an_event("component_ended", member_no, today, component_id=comparison.component, **policy),
        an_event("premium_increased", member_no, today, component_id=paid, **policy, **premium),
    ]
    events = [each.model_copy(update={"event_id": f"{each.event_id}-{place}"}) for each in events]
    results = await record_events(database.pool, events, now=clock.now, handbook=handbook)
    assert all(isinstance(each, Recorded) for each in results), results
    comparison.component = paid
    desk = comparison.desks[member_no]
    account = (await states_of(database, [desk.state.account.customer_id], clock.now)).popitem()[1].account
    desk.know(spans=account.spans, policies=account.policies)
    desk.now = clock.now
    desk.catch_up()


async def the_reads_agree(database, ids, now):
    """What is taken today, by the balances and by the entries."""
    today = business_day(now)
    accounts = await load_accounts(database.pool, ids, on=today, now=now)
    rated = await load_rated_accounts(database.pool, ids, now=now)
    assert {each: account.taken for each, (account, _) in rated.items()} == {
        each: account.taken for each, account in accounts.items()
    }
    end_of_today = start_of(today + timedelta(days=1))
    rows = await database.pool.fetch(SQL["taken_by"], ids, end_of_today)
    later = await database.pool.fetch(
        "select customer_id, benefit, period, policy_no, sum(units)::integer as units from redemptions"
        " where customer_id = any($1) and status = 'HELD' and expires_at > $2 and expires_at < $3"
        " group by 1, 2, 3, 4",
        ids,
        now,
        end_of_today,
    )
    running_out = {(row["customer_id"], pool_of(row)): row["units"] for row in later}
    by_entries = {
        (row["customer_id"], pool_of(row)): Taken(
            row["used"], row["held"] + running_out.get((row["customer_id"], pool_of(row)), 0)
        )
        for row in rows
    }
    by_balances = {
        (each, pool): taken for each, account in accounts.items() for pool, taken in account.taken.items()
    }
    nothing = Taken()
    assert {key: taken for key, taken in by_entries.items() if taken != nothing} == {
        key: taken for key, taken in by_balances.items() if taken != nothing
    }


async def test_another_days_reads_are_what_had_happened_by_its_end(contracted, handbook):
    (customer_id,) = await enrol(contracted.pool, handbook, "M1")
    clock = SetClock()
    law = "legal-consultation"

    async def taken_on(days):
        on = business_day(NOW) + timedelta(days=days)
        account = (await load_accounts(contracted.pool, [customer_id], on=on, now=clock.now))[customer_id]
        return next(
            ((each.used, each.held) for pool, each in account.taken.items() if pool.benefit == law), (0, 0)
        )

    async with journals(contracted.pool, handbook, clock) as (journal,):
        await journal.post(a_hold(law, units=2, hold_hours=24 * 20, occurred_at=NOW - timedelta(days=2)))
        held = await journal.post(a_hold(law, units=10, hold_hours=24 * 9))
        run_out = await journal.post(a_hold(law, units=5, hold_hours=24 * 3))
        clock.now += timedelta(days=2)
        await journal.post(a_redeem(law, units=20, occurred_at=NOW + timedelta(days=1)))
        clock.now += timedelta(days=2)
        await journal.post(a_confirm(held.id, units=6, occurred_at=NOW - timedelta(days=1)))
        clock.now += timedelta(days=1)
        back = await journal.post(a_redeem(law, units=1))
        await journal.post(a_reversal(back.id))
    assert run_out.redemption.expires_at == NOW + timedelta(days=3)
    assert [await taken_on(days) for days in (-3, -2, -1, 0, 1, 2, 3, 4, 5, 9)] == [
        (0, 0),
        (0, 2),
        (6, 2),
        (
            6,
            2 + 5 + 4,
        ),  # delivered before it was booked; what was booked beyond was given back on the fourth day
        (26, 2 + 5 + 4),
        (26, 2 + 5 + 4),
        (26, 2 + 4),
        (26, 2),
        (26, 2),
        (26, 2),
    ]


async def test_a_hold_is_free_to_readers_from_the_moment_it_runs_out(contracted, handbook):
    (customer_id,) = await enrol(contracted.pool, handbook, "M1")
    async with journals(contracted.pool, handbook, SetClock()) as (journal,):
        held = await journal.post(a_hold(hold_hours=1))
    last_moment = held.redemption.expires_at - timedelta(microseconds=1)
    for now, units in ((last_moment, 1), (held.redemption.expires_at, 0)):
        accounts = await load_accounts(contracted.pool, [customer_id], on=business_day(now), now=now)
        _, rated, _ = await load_rated_account(contracted.pool, "M1", now=now)
        assert [each.held for each in accounts[customer_id].taken.values()] == [units]
        assert rated.taken == accounts[customer_id].taken


async def test_an_outcome_is_told_again_as_it_was_by_another_process(contracted, handbook):
    await enrol(contracted.pool, handbook, "M1")
    clock = SetClock()
    command = a_hold("legal-consultation", units=7, beneficiary="R1", reference="甲-1", key="k")
    async with journals(contracted.pool, handbook, clock) as (journal,):
        first = await journal.post(command)
        refusal = await journal.post(a_redeem("legal-consultation", units=61, key="no"))
    clock.now += timedelta(days=500)
    async with journals(contracted.pool, handbook, clock) as (journal,):
        assert await journal.post(command) == replace(first, replayed=True)
        again = await journal.post(a_redeem("legal-consultation", units=61, key="no"))
        assert again == replace(refusal, replayed=True)
        other = await journal.post(replace(command, units=8))
    assert (other.code, other.differing) == ("KEY_REUSED", ("units",))
