"""Every refusal of a reconciliation, met as it comes about: a code, and words in both languages that hold its facts."""

import re
from decimal import Decimal

import pytest

from ledger.ids import RedemptionId
from ledger.reconciliation.closing import close_period
from ledger.reconciliation.decisions import resolve
from ledger.reconciliation.matching import reconcile_period
from ledger.reconciliation.replies import reply
from ledger.reconciliation.statements import withdraw
from ledger.reconciliation.values import Action, LineFindingId, StatedTotal
from ledger.refusals import Refusal
from tests.ledger.test_refusals import BY_RECONCILIATION
from tests.reconciliation.month import OCTOBER, VENDOR, line, october


async def decide(month, finding, action=Action.ACCEPT, **more):
    """Decide as Li of finance."""
    return await resolve(
        month.pool,
        finding=finding,
        action=action,
        note="核对",
        by="li",
        handbook=month.handbook,
        now=month.clock.now,
        **more,
    )


async def line_of(month, line_no):
    """The finding of a line of the one statement there is."""
    row = await month.pool.fetchrow("select id, period from statements")
    return LineFindingId(row["period"], row["id"], line_no)


async def close(month):
    """Close October as Li."""
    return await close_period(
        month.pool, vendor=VENDOR, month=OCTOBER, by="li", handbook=month.handbook, now=month.clock.now
    )


async def closed_already(month):
    await month.state()
    assert not isinstance(await close(month), Refusal)
    return await reconcile_period(
        month.pool, vendor=VENDOR, month=OCTOBER, handbook=month.handbook, now=month.clock.now
    )


async def no_statement(month):
    return await withdraw(
        month.pool, statement=99, note="作废", by="li", handbook=month.handbook, now=month.clock.now
    )


async def no_finding(month):
    return await decide(month, LineFindingId(1, 1, 1))


async def no_dispute(month):
    await month.state(line(1, october(3)))
    return await reply(
        month.pool,
        vendor=VENDOR,
        finding_id=await line_of(month, 1),
        message="已提供",
        evidence=(),
        by="zhang",
        now=month.clock.now,
    )


async def decided_on(month):
    statement = await month.state(line(1, october(3)))
    assert await decide(month, await line_of(month, 1)) is None
    given = {
        "note": "作废",
        "by": "zhang",
        "vendor": VENDOR,
        "handbook": month.handbook,
        "now": month.clock.now,
    }
    return await withdraw(month.pool, statement=statement, **given)


async def taken_by_a_line(month):
    taken: RedemptionId = await month.deliver(october(3), "A")
    await month.state(line(4, october(3), "A"), line(9, october(20), "B"))
    return await decide(month, await line_of(month, 9), Action.MATCH, redemptions=[taken])


async def findings_that_wait(month):
    await month.deliver(october(3), "A-17")
    await month.state(*(line(number, october(20), f"B-{number}") for number in range(1, 13)))
    return await close(month)


async def another_total(month):
    return await month.submit(line(1, october(3)), total=StatedTotal(units=2, amount=Decimal(24)))


async def own_exception(month):
    await month.state(line(1, october(3)))
    assert await decide(month, await line_of(month, 1), pay=Decimal(12)) is None
    return await close_period(
        month.pool,
        vendor=VENDOR,
        month=OCTOBER,
        by="li",
        handbook=month.handbook,
        now=month.clock.now,
        four_eyes_above=Decimal(10),
    )


async def other_content(month):
    await month.state(line(1, october(3)), line(2, october(4)))
    return await month.submit(line(1, october(3), units=2), line(3, october(4)))


async def taken_back(month):
    statement = await month.state(line(1, october(3)))
    await withdraw(
        month.pool, statement=statement, note="作废", by="li", handbook=month.handbook, now=month.clock.now
    )
    return await month.submit(line(1, october(3)))


SCENES = {
    "PERIOD_CLOSED": (closed_already, ["2026-10"]),
    "TOTAL_DIFFERS": (another_total, ["24", "12.00"]),
    "UNKNOWN_STATEMENT": (no_statement, []),
    "UNKNOWN_FINDING": (no_finding, []),
    "NOT_IN_DISPUTE": (no_dispute, ["DISPUTE"]),
    "ALREADY_DECIDED": (decided_on, ["1"]),
    "ALREADY_MATCHED": (taken_by_a_line, ["S-1", "4"]),
    "FINDINGS_OPEN": (findings_that_wait, ["13", "S-1", "NOT_IN_LEDGER", "…"]),
    "FOUR_EYES": (own_exception, ["li", "10.00", "S-1"]),
    "KEY_REUSED.statement": (other_content, ["lines[1].units", "lines[2]", "lines[3]"]),
    "KEY_REUSED.withdrawn": (taken_back, []),
}


def test_every_refusal_of_a_reconciliation_has_a_scene():
    assert set(SCENES) == BY_RECONCILIATION


@pytest.mark.parametrize("wording", SCENES)
async def test_a_refusal_says_in_both_languages_what_it_is_about(month, wording):
    scene, facts = SCENES[wording]
    refusal = await scene(month)
    assert isinstance(refusal, Refusal)
    assert ".".join(filter(None, (refusal.code, refusal.wording))) == wording
    chinese, english = refusal.message("zh"), refusal.message("en")
    assert re.search("[\u4e00-\u9fff]", chinese)
    assert not re.search("[\u4e00-\u9fff，。：；（）「」]", english)
    for words in (chinese, english):
        assert not re.search("[{}]|None", words)
        assert [fact for fact in facts if fact not in words] == []
