"""Clients ask without pause; in each round something happens to the service; then ledger and answers are compared.

`make chaos ROUNDS=1000` tries more of it, `REPORT=file` writes the table.
"""

import asyncio
import random
import sys
import time
from collections.abc import Sequence

import asyncpg
import pytest

from tests.chaos.books import Found, check
from tests.chaos.chance import SEED, chance, rounds
from tests.chaos.clients import AnotherAnswerError, Client, Moment, NotAnsweredError, Request, same
from tests.chaos.faults import FAULTS, Fault
from tests.chaos.figures import Figures, report, total
from tests.chaos.site import Site, site

pytestmark = pytest.mark.chaos

ROUNDS_A_SITE = 25
"""Then a new one: what is compared and verified after each round grows with the rounds before."""

REPLAYED = 40
_RESTART_S = 30.0


async def _round(place: Site, clients: Sequence[Client], fault: Fault, rng: random.Random) -> float:
    """Let one fault happen while the clients ask; seconds from its end until everybody was answered again."""
    before = [len(each.requests) for each in clients]
    moment = Moment()
    working = [asyncio.create_task(each.work(moment)) for each in clients]
    try:
        await asyncio.sleep(rng.uniform(0.1, 0.4))
        moment.begun = time.monotonic()
        await fault(place, rng)
        moment.over = time.monotonic()
        await asyncio.to_thread(place.be_well)
        moment.well = time.monotonic()
        await asyncio.gather(*working)
    finally:
        for each in working:
            each.cancel()
        await asyncio.gather(*working, return_exceptions=True)
    asked = [each for client, first in zip(clients, before, strict=True) for each in client.requests[first:]]
    touched = [each for each in asked if each.sent_at < moment.begun < each.answered_at or each.failed]
    return max([0.0, *(each.answered_at - moment.over for each in touched)])


async def _compared(place: Site, clients: Sequence[Client]) -> Found:
    """What the comparison finds; it waits while the database restarts once more."""
    until = time.monotonic() + _RESTART_S
    while True:
        try:
            await asyncio.to_thread(place.be_well)
            return await check(place.dsn, clients)
        except (OSError, asyncpg.PostgresConnectionError, asyncpg.CannotConnectNowError):
            if time.monotonic() > until:
                raise
            await asyncio.sleep(0.5)


async def _ask_again(clients: Sequence[Client], rng: random.Random) -> list[str]:
    """Send some of what was answered again: those whose answer is another one, or is called a first one."""

    async def again(client: Client, request: Request) -> str | None:
        (answer,) = await client.answers(request)
        if not same(answer, request.answer):
            return f"{request.key}: {request.answer}, then {answer}"
        first = [each for each in (answer if isinstance(answer, list) else [answer]) if _is_first(each)]
        return f"{request.key}: done again: {first}" if first else None

    asked = [(client, request) for client in clients for request in client.requests]
    chosen = [*asked[-REPLAYED // 2 :], *rng.sample(asked, min(len(asked), REPLAYED // 2))]
    told = await asyncio.gather(*(again(client, request) for client, request in chosen))
    return [each for each in told if each is not None]


def _is_first(answer: dict) -> bool:
    kind = answer["__typename"]
    return (kind == "Redemption" and not answer["replayed"]) or (
        kind == "Recorded" and not answer["repeated"]
    )


async def _rounds_on_a_site(
    faults: Sequence[str], by_fault: dict[str, Figures], rng: random.Random
) -> list[str]:
    """A round for each fault, up to the first after which something is wrong; what that is."""
    async with site() as place:
        clients = place.clients(rng)
        try:
            await asyncio.gather(*(each.work(Moment(well=0)) for each in clients))
            await asyncio.to_thread(place.be_well)
            for name in faults:
                if name == "disk full" and not place.own_disk:
                    continue
                wrong = await _counted(name, place, clients, by_fault[name], rng)
                if wrong:
                    return [f"{name}: {each}" for each in wrong] + place.service.said().splitlines()[-40:]
            return await asyncio.to_thread(place.verify)
        finally:
            for each in clients:
                await each.close()


async def _counted(
    name: str, place: Site, clients: Sequence[Client], figures: Figures, rng: random.Random
) -> list[str]:
    """One round, noted in the figures; what is wrong after it."""
    before = sum(len(each.requests) for each in clients)
    figures.rounds += 1
    try:
        figures.seconds.append(await _round(place, clients, FAULTS[name], rng))
        found = await _compared(place, clients)
        found.lost += await _ask_again(clients, rng)
    except (NotAnsweredError, TimeoutError) as error:
        figures.not_answered += 1
        return [f"not answered: {error}"]
    except AnotherAnswerError as error:
        found = Found(doubled=[str(error)])
    figures.acknowledged += sum(len(each.requests) for each in clients) - before
    figures.lost += len(found.lost)
    figures.doubled += len(found.doubled)
    figures.verify_failures += len(found.faults)
    return [*found.lost, *found.doubled, *found.faults]


async def test_whatever_happens_nothing_acknowledged_is_lost_and_nothing_is_done_twice(capsys):
    rng = chance("rounds")
    number = rounds(2 * len(FAULTS))
    plan = [name for _ in range(number // len(FAULTS) + 1) for name in rng.sample(list(FAULTS), len(FAULTS))]
    by_fault = {name: Figures() for name in FAULTS}
    wrong: list[str] = []
    for first in range(0, number, ROUNDS_A_SITE):
        faults = plan[:number][first : first + ROUNDS_A_SITE]
        wrong += (found := await _rounds_on_a_site(faults, by_fault, rng))
        with capsys.disabled():
            sys.stdout.write("".join(f"{line}\n" for line in found))
            report(by_fault, SEED)
    assert not wrong, "\n".join(wrong)
    assert total(by_fault.values()).faultless
    if "disk full" in plan[:number] and not by_fault["disk full"].rounds:
        pytest.skip(
            "all else was tried, but here no tmpfs may be mounted whose size could shrink: no full disk"
        )
