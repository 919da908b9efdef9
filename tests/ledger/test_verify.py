"""`verify` names the place of any change made outside of the service, and finds nothing in an intact ledger."""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
import pytest_asyncio
from asyncpg import Pool

from base.connected import Helpers
from base.database import connect_pool
from handbook import Handbook
from ledger.ids import RedemptionId
from ledger.posting.chain import GENESIS, entry_hash
from ledger.posting.entries import EntryKind
from ledger.verifying import checks
from ledger.verifying.checks import CHECKS, problems_of
from ledger.verifying.verify import verify
from rating.checking import Checked
from tests.conftest import on_database
from tests.ledger.books import NOW, Desk, a_confirm, a_hold, a_redeem, a_reversal
from tests.ledger.stored import SetClock, contract, enrol, journals

APPEND_ONLY = ("entries", "outcomes")
LAW = "legal-consultation"


class OneConnection:
    """Stands in for a pool: whoever acquires a connection gets the one in whose transaction the tampering happened."""

    def __init__(self, conn: Any) -> None:
        self._conn = conn

    @asynccontextmanager
    async def acquire(self) -> AsyncIterator[Any]:
        yield self._conn


@dataclass(frozen=True, slots=True, kw_only=True)
class Tampering:
    """A pool as the owner, and what a tampering refers to: the members' ids, the first redemption of the first."""

    owner_pool: Pool
    one: int
    two: int
    held: RedemptionId

    def told(self, text: str) -> str:
        """A text with the names in braces filled in."""
        first = self.held.sequence
        return text.format(one=self.one, two=self.two, first=first, after=first + 1, opaque=self.held.opaque)

    async def commit(self, statement: str) -> None:
        """Change something with the triggers off, for good."""
        async with self.owner_pool.acquire() as conn, conn.transaction():
            for table in APPEND_ONLY:
                await conn.execute(f"alter table {table} disable trigger user")
            await conn.execute(self.told(statement))

    async def places(self, statement: str) -> dict[str, str]:
        """Change something with the triggers off: the places found to be wrong, and the first problem of each."""
        found: dict[str, str] = {}
        async with self.owner_pool.acquire() as conn:
            transaction = conn.transaction(isolation="repeatable_read")
            await transaction.start()
            try:
                for table in APPEND_ONLY:
                    await conn.execute(f"alter table {table} disable trigger user")
                status = await conn.execute(self.told(statement))
                assert not status.endswith(" 0"), (status, statement)
                findings = await verify(OneConnection(conn))  # type: ignore[arg-type]
            finally:
                await transaction.rollback()
        for finding in findings:
            assert "\n" not in str(finding)
            assert f"(id {finding.customer_id})" in str(finding)
            found.setdefault(f"{finding.member_no} {finding.place}", finding.problem)
        return found


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def books(server_dsn, template, handbook) -> AsyncIterator[Tampering]:
    """Two members; the first has a hold that was confirmed in part, a redemption that was reversed, and a refusal."""
    name = f"test_{uuid4().hex[:12]}"
    server = await asyncpg.connect(server_dsn)
    await server.execute(f"create database {name} template {template}")
    owner_pool = await connect_pool(on_database(server_dsn, name), min_size=0, max_size=3, service_role=False)
    yield await kept_books(owner_pool, handbook)
    assert await verify(owner_pool) == []
    await owner_pool.close()
    await server.execute(f"drop database {name} with (force)")
    await server.close()


async def kept_books(owner_pool: Pool, handbook: Handbook) -> Tampering:
    """Fill an empty database with what the fixture `books` tells of."""
    await contract(owner_pool, handbook, "v", "w")
    one, two = await enrol(owner_pool, handbook, "M1", "M2")
    async with journals(owner_pool, handbook, SetClock()) as (journal,):
        held = await journal.post(a_hold(LAW, units=30, key="hold", beneficiary="R1", reference="№1"))
        await journal.post(a_confirm(held.id, units=20, key="confirm"))
        exam = await journal.post(a_redeem(key="exam", vendor="w"))
        await journal.post(a_reversal(exam.id, actor="vendor:w", key="back"))
        await journal.post(a_redeem(LAW, units=61, key="too-much"))
        await journal.post(a_redeem(key="exam-2", member_no="M2"))
    assert await verify(owner_pool) == []
    return Tampering(owner_pool=owner_pool, one=one, two=two, held=held.id)


# What is changed; the places that must be named, with words of the problem. {first}: the hold of M1.
TAMPERED = {
    "units of an entry": (
        "update entries set units = units + 1 where customer_id = {one} and sequence = {first}",
        {
            "M1 entry {first}": "hash",
            f"M1 balance {LAW}": "its entries say",
            "M1 outcome vendor:v 'hold'": "otherwise",
        },
    ),
    "units of a grant": (
        "update entries set units = 70 where customer_id = {one} and units = 60",
        {"M1 entry [0-9]+": "hash", f"M1 balance {LAW}": "granted=70"},
    ),
    "an entry's kind": (
        "update entries set kind = 'NO_SHOW' where customer_id = {one} and sequence = {first} + 1",
        {
            "M1 entry {after}": "hash",
            "M1 redemption {first}": "status REDEEMED, its entries say NO_SHOW",
            "M1 outcome vendor:v 'confirm'": "not in the ledger",
        },
    ),
    "an entry's vendor": (
        "update entries set vendor = 'w' where customer_id = {one} and sequence = {first}",
        {"M1 entry {first}": "hash", "M1 outcome vendor:v 'hold'": "otherwise"},
    ),
    "an entry's reference": (
        "update entries set reference = null where customer_id = {one} and sequence = {first}",
        {"M1 entry {first}": "hash", "M1 redemption {first}": "reference №1, its entries say None"},
    ),
    "an entry's details": (
        "update entries set details = '{{}}' where customer_id = {one} and sequence = {first}",
        {"M1 entry {first}": "hash", "M1 redemption {first}": "expires_at"},
    ),
    "an entry's time": (
        (
            "update entries set recorded_at = recorded_at - interval '1 day'"
            " where customer_id = {one} and sequence = {first}"
        ),
        {"M1 entry {first}": "recorded before|hash"},
    ),
    "a deleted entry": (
        "delete from entries where customer_id = {one} and sequence = {first}",
        {"M1 entry {after}": "entry {first} is missing", "M1 outcome vendor:v 'hold'": "not in the ledger"},
    ),
    "a deleted last entry": (
        (
            "delete from entries where (customer_id, sequence) in"
            " (select customer_id, max(sequence) from entries where customer_id = {two} group by 1)"
        ),
        {"M2 head": "next sequence", "M2 outcome vendor:v 'exam-2'": "", "M2 balance physical-exam": ""},
    ),
    "all entries of a member deleted": (
        "delete from entries where customer_id = {two}",
        {"M2 head": "next sequence", "M2 balance physical-exam": "None"},
    ),
    "two entries swapped": (
        (
            "update entries e set kind = o.kind, units = o.units, benefit = o.benefit, vendor = o.vendor,"
            " redemption = o.redemption, hash = o.hash from entries o where e.customer_id = {one}"
            " and o.customer_id = {one} and e.sequence in (1, 2) and o.sequence = 3 - e.sequence"
        ),
        {"M1 entry 1": "hash"},
    ),
    "an entry of another member": (
        (
            "update entries e set hash = o.hash from entries o"
            " where e.customer_id = {one} and o.customer_id = {two} and e.sequence = 4 and o.sequence = 4"
        ),
        {"M1 entry 4": "hash"},
    ),
    "an entry that is made up": (
        (
            "insert into entries select customer_id, sequence + 1, kind, benefit, period, policy_no, 1, service_year,"
            " vendor,"
            " sequence + 1, beneficiary, option, reference, star, edition, details, occurred_at, recorded_at, hash"
            " from entries where customer_id = {two} and sequence ="
            " (select max(sequence) from entries where customer_id = {two})"
        ),
        {
            "M2 head": "next sequence",
            "M2 entry [0-9]+": "overdraws|no outcome|hash",
            "M2 redemption [0-9]+": "no row",
        },
    ),
    "a balance": (
        "update balances set used = 0 where customer_id = {one} and benefit = 'legal-consultation'",
        {f"M1 balance {LAW}": "used=0.*used=20"},
    ),
    "a deleted balance": (
        "delete from balances where customer_id = {two} and benefit = 'physical-exam'",
        {"M2 balance physical-exam": "it is None"},
    ),
    "a balance of nothing": (
        "insert into balances values ({two}, 'car-t', 9, '', false, 1, 0, 0, 0)",
        {"M2 balance car-t": "entries say None"},
    ),
    "a redemption's status": (
        "update redemptions set status = 'HELD' where customer_id = {one} and sequence = {first}",
        {"M1 redemption {first}": "its row has status HELD, its entries say REDEEMED$"},
    ),
    "a redemption's reason": (
        "update redemptions set reason = 'x' where reason is not null",
        {"M1 redemption [0-9]+": "its row has reason x, its entries say 误录$"},
    ),
    "a deleted redemption": (
        "delete from redemptions where customer_id = {one} and sequence = {first}",
        {"M1 redemption {first}": "it has no row"},
    ),
    "an unreadable redemption": (
        "update redemptions set evidence = '[1]' where customer_id = {one} and sequence = {first}",
        {"M1 redemption {first}": "unreadable"},
    ),
    "the head's sequence": (
        "update ledger_heads set next_sequence = next_sequence + 1 where customer_id = {one}",
        {"M1 head": "next sequence"},
    ),
    "the head's hash": (
        "update ledger_heads set last_hash = decode(repeat('00', 32), 'hex') where customer_id = {one}",
        {"M1 head": "hash"},
    ),
    "the anchor": (
        "update ledger_heads set anchor = anchor + 200 where customer_id = {one}",
        {"M1 entry 1": "service year 3, by the anchor 2024-08-13 in 2"},
    ),
    "the anchor taken away": (
        "update ledger_heads set anchor = null where customer_id = {one}",
        {"M1 head": "no service-year anchor"},
    ),
    "a deleted head": ("delete from ledger_heads where customer_id = {one}", {"M1 head": "missing"}),
    "a deleted customer": (
        "delete from customers where id = {two}",
        {
            "[?] head": "nobody",
            "[?] entries": "nobody",
            "[?] balances": "nobody",
            "[?] redemptions": "nobody",
            "[?] outcomes": "nobody",
        },
    ),
    "a deleted outcome": (
        "delete from outcomes where customer_id = {one} and key = 'hold'",
        {"M1 entry {first}": "no outcome answers it: redemption {first} is HELD"},
    ),
    "units in an outcome": (
        "update outcomes set outcome = jsonb_set(outcome, '{{redemption,units}}', '1') where key = 'confirm'",
        {"M1 outcome vendor:v 'confirm'": "entry {after} says otherwise"},
    ),
    "an outcome of another redemption": (
        "update outcomes set outcome = jsonb_set(outcome, '{{redemption,id}}', '\"{opaque}\"') where key = 'exam-2'",
        {
            "M2 outcome vendor:v 'exam-2'": "{opaque}, REDEEMED, is not in the ledger",
            "M2 entry [0-9]+": "no outcome",
        },
    ),
    "an outcome told twice": (
        (
            "insert into outcomes select customer_id, actor, 'hold-2', request, outcome, recorded_at"
            " from outcomes where key = 'hold'"
        ),
        {"M1 outcome vendor:v 'hold(-2)?'": "answered twice"},
    ),
    "a refusal made a redemption": (
        "update outcomes set outcome = (select outcome from outcomes where key = 'exam') where key = 'too-much'",
        {"M1 outcome vendor:(v 'too-much'|w 'exam')": "answered twice"},
    ),
    "an unreadable outcome": (
        "update outcomes set outcome = '{{\"redemption\": 1}}' where key = 'confirm'",
        {"M1 check outcomes_are_the_entries": "cannot be made"},
    ),
}


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("what", TAMPERED)
async def test_what_is_tampered_with_is_named(books, what):
    statement, expected = TAMPERED[what]
    found = await books.places(statement)
    for place, problem in expected.items():
        wanted = re.compile(books.told(place) + "($|[^0-9'])")
        named = [said for each, said in found.items() if wanted.match(each)]
        assert named, (place, found)
        assert any(re.search(books.told(problem), said) for said in named), (problem, named)
    other = "M2" if any("M1" in place for place in expected) else "M1"
    assert not [place for place in found if place.startswith(other)]


SEVERAL = (
    "units of an entry",
    "a deleted balance",
    "an unreadable redemption",
    "the head's hash",
    "an outcome told twice",
)


async def test_processes_name_what_one_process_names_in_the_same_order(database, handbook, monkeypatch):
    monkeypatch.setattr("ledger.verifying.verify.CUSTOMERS_A_BATCH", 1)
    books = await kept_books(database.owner_pool, handbook)
    for what in SEVERAL:
        await books.commit(TAMPERED[what][0])
    await database.owner_pool.execute("insert into ledger_heads (customer_id) values (99)")
    await enrol(database.pool, handbook, *(f"N{number}" for number in range(9)))
    checked, told = [Checked(), Checked()], []
    one, two = [
        await verify(
            database.pool,
            helpers=Helpers(dsn=database.dsn, processes=processes),
            checked=checked[processes - 1],
            progress=lambda done, total: told.append((done, total)),
        )
        for processes in (1, 2)
    ]
    assert one == two
    assert {each.member_no for each in two} == {"M1", "M2", "?"}
    assert checked[0] == checked[1] != Checked()
    assert told[len(told) // 2 :] == told[: len(told) // 2]


@pytest.mark.chaos
@pytest.mark.parametrize("what", TAMPERED)
async def test_processes_name_every_kind_of_tampering_as_one_process_does(database, handbook, what):
    books = await kept_books(database.owner_pool, handbook)
    await books.commit(TAMPERED[what][0])
    one, two = [
        await verify(database.pool, helpers=Helpers(dsn=database.dsn, processes=processes))
        for processes in (1, 2)
    ]
    assert one == two != []


async def test_every_customer_is_looked_at_however_many(database, handbook, monkeypatch):
    monkeypatch.setattr("ledger.verifying.verify.CUSTOMERS_A_BATCH", 2)
    ids = await enrol(database.pool, handbook, *(f"M{number}" for number in range(7)))
    told = []
    assert await verify(database.pool, progress=lambda done, total: told.append((done, total))) == []
    assert told == [(2, 7), (4, 7), (6, 7), (7, 7)]
    await database.owner_pool.execute(
        "update balances set granted = granted + 1 where customer_id = any($1)", ids
    )
    wrong = [finding.customer_id for finding in await verify(database.pool)]
    assert wrong == sorted(wrong)
    assert set(wrong) == set(ids)


async def test_an_empty_ledger_is_in_order(database):
    assert await verify(database.pool) == []


def books_at_a_desk(handbook: Handbook) -> checks.Books:
    """Books in memory: a hold confirmed in part, a redemption reversed, and a year that ended."""
    desk = Desk(handbook)
    held = desk.ask(a_hold(LAW, units=30))
    desk.pass_days(1)
    desk.ask(a_confirm(held.id, units=20))
    desk.ask(a_reversal(desk.ask(a_redeem()).id))
    desk.pass_days(300)
    desk.catch_up()
    state = desk.state
    return checks.Books(
        customer_id=1,
        entries=desk.entries,
        balances=state.balances,
        redemptions=state.redemptions,
        head=state.head,
        outcomes=[(actor, key, each.outcome) for (actor, key), each in state.outcomes.items()],
    )


def forged(books: checks.Books, which: str, change: Mapping[str, Any]) -> checks.Books:
    """The books with the first entry of a kind changed and every hash made to fit, as somebody with time could."""
    at = next(place for place, entry in enumerate(books.entries) if entry.kind == which)
    entries, previous = [], GENESIS
    for place, entry in enumerate(books.entries):
        changed = entry._replace(**change) if place == at else entry
        previous = entry_hash(changed, previous)
        entries.append(changed._replace(hash=previous))
    return replace(books, entries=entries, head=replace(books.head, last_hash=previous))


@pytest.mark.parametrize(
    ("kind", "change", "check"),
    [
        ("GRANT", {"units": 61}, checks.balances_are_the_sum),
        ("GRANT", {"units": 1}, checks.balances_are_the_sum),
        ("REDEEM", {"kind": EntryKind.RELEASE}, checks.redemptions_follow_their_life_cycle),
        ("REVERSE", {"kind": EntryKind.NO_SHOW}, checks.redemptions_follow_their_life_cycle),
        ("HOLD", {"beneficiary": "R1"}, checks.redemptions_follow_their_life_cycle),
        ("HOLD", {"units": 31}, checks.outcomes_are_the_entries),
        ("GRANT", {"service_year": 2}, checks.service_years_count_from_the_anchor),
        ("EXPIRE", {"occurred_at": NOW}, checks.service_years_count_from_the_anchor),
        ("REDEEM", {"sequence": 1}, checks.sequences_have_no_gaps),
    ],
)
def test_hashes_that_were_made_to_fit_do_not_hide_what_does_not_fit(handbook, kind, change, check):
    books = books_at_a_desk(handbook)
    assert problems_of(books) == []
    wrong = forged(books, kind, change)
    assert checks.hashes_are_chained(wrong) == []
    assert check(wrong)


def test_a_check_that_cannot_be_made_is_a_problem_of_its_own():
    names = [place for place, _ in problems_of(None)]  # type: ignore[arg-type]
    assert names == [f"check {check.__name__}" for check in CHECKS]
