"""Many decisions at once come to what the same decisions come to one after the other."""

from decimal import Decimal
from random import Random
from typing import Any

import pytest

from ledger.ids import RedemptionId
from ledger.reconciliation.decisions import Decision, resolve_all, resolve_many
from ledger.reconciliation.values import Action, FindingId, LedgerFindingId, LineFindingId
from ledger.refusals import Refusal
from tests.reconciliation.month import MEMBERS, OTHER_VENDOR, PHONE, VENDOR, VIDEO, Month, line, october

DAYS, LINES = 6, 24
BENEFITS = (PHONE, VIDEO)


async def alike(month: Month, vendor: str, rng: Random) -> list[RedemptionId]:
    """A month of a vendor: deliveries on few days, and lines that agree, differ, repeat and are made up."""
    delivered = [
        await month.deliver(
            october(rng.randint(1, DAYS)),
            rng.choice([None, f"R-{number}"]),
            vendor=vendor,
            member_no=rng.choice(MEMBERS),
            benefit=rng.choice(BENEFITS),
        )
        for number in range(14)
    ]
    lines = [
        line(
            number,
            october(rng.randint(1, DAYS)),
            rng.choice([None, f"R-{rng.randint(0, 15)}"]),
            units=rng.choice([1, 1, 2]),
            member_no=rng.choice(MEMBERS),
            benefit=rng.choice(BENEFITS),
        )
        for number in range(1, LINES + 1)
    ]
    assert not isinstance(await month.submit(*lines, vendor=vendor), Refusal)
    return delivered


def decisions(rng: Random, period: int, statement: int, delivered: list[RedemptionId]) -> list[Decision]:
    """Decisions in any order, some of which cannot be."""
    made = []
    for _ in range(30):
        redemption = rng.choice(delivered)
        finding: FindingId = (
            LineFindingId(period, statement, rng.randint(1, LINES))
            if rng.random() < 0.8
            else LedgerFindingId(period, redemption.customer_id, redemption.sequence)
        )
        action = rng.choice([*Action, Action.ACCEPT])
        matched = (redemption,) if action is Action.MATCH else ()
        pay = Decimal(rng.randint(0, 20)) if rng.random() < 0.3 else None
        made.append(Decision(finding=finding, action=action, note="核对", redemptions=matched, pay=pay))
    return made


async def stands(month: Month, vendor: str, delivered: list[RedemptionId]) -> list[tuple[Any, ...]]:
    """What is found, paired and kept of a vendor's month; deliveries by their place in the list."""
    places = {(each.customer_id, each.sequence): place for place, each in enumerate(delivered)}
    asked = (
        """select f.customer_id, f.sequence, f.line_no, f.kind, f.pass, f.action, f.payable_units, f.payable,
            f.occurred_on
        from findings f join periods p on p.id = f.period where p.vendor = $1""",
        """select m.customer_id, m.sequence, m.line_no, m.pass, m.kind
        from matches m join statements s on s.id = m.statement where s.vendor = $1""",
        """select d.customer_id, d.sequence, d.line_no, d.kind, d.action, d.payable
        from decisions d join periods p on p.id = d.period where p.vendor = $1 order by d.id""",
    )
    found = []
    for kept, query in enumerate(asked):
        rows = [(places.get(tuple(row[:2])), *row[2:]) for row in await month.pool.fetch(query, vendor)]
        found += rows if kept == 2 else sorted(rows, key=str)
    return found


async def ids(month: Month, vendor: str) -> tuple[int, int]:
    row = await month.pool.fetchrow("select period, id from statements where vendor = $1", vendor)
    return row["period"], row["id"]


@pytest.mark.parametrize("seed", range(5))
async def test_together_is_as_one_after_the_other(month: Month, seed: int) -> None:
    common: dict[str, Any] = {"by": "li", "handbook": month.handbook, "now": month.clock.now}
    outcomes, states = [], []
    for vendor in (VENDOR, OTHER_VENDOR):
        delivered = await alike(month, vendor, Random(seed))
        asked = decisions(Random(seed), *await ids(month, vendor), delivered)
        if vendor == VENDOR:
            answers = [(await resolve_many(month.pool, [each], **common))[0] for each in asked]
        else:
            answers = await resolve_many(month.pool, asked, **common)
        outcomes.append([each.code if each is not None else None for each in answers])
        states.append(await stands(month, vendor, delivered))
    assert outcomes[0] == outcomes[1]
    assert states[0] == states[1]
    assert len(set(outcomes[0])) > 2


async def test_all_or_none_changes_nothing_when_one_is_refused(month: Month) -> None:
    delivered = await alike(month, VENDOR, Random(1))
    asked = decisions(Random(1), *await ids(month, VENDOR), delivered)
    before = await stands(month, VENDOR, delivered)
    answers = await resolve_all(month.pool, asked, by="li", handbook=month.handbook, now=month.clock.now)
    assert any(each is not None for each in answers)
    assert await stands(month, VENDOR, delivered) == before
