"""A page of 100 members with tier and all quotas, as dashboards ask for it, against three other ways to answer it."""

import itertools
from dataclasses import replace
from typing import Any

from bench.comparison.answers import check_same
from bench.comparison.loads import Closed, HttpContestant
from bench.comparison.peers import JSON_AGG, PLAIN, POSTGRAPHILE, peer
from bench.comparison.racing import arrivals, details, race, rate_line
from bench.comparison.stage import ON_ALL, OURS, OURS_ON_ALL, Stage, asked
from bench.comparison.values import Effort, Goal, Result
from bench.documents import body, document
from bench.peers import postgraphile

_WORK, _STORED = "members, first: 100, all quotas", "members, first: 100, what is stored"
_NOTES = (
    f"{_STORED}: PostGraphile reads balances, so it has no `entitled` and no `remaining`; we answer it all.",
    f"{_WORK}: the peers read quotas that our service worked out before; they apply no rule.",
)
_FIRST = 100
_MOST_PAGES = 20
_LOAD = Closed(clients=8)
PLAIN_DOCUMENT = document("members").replace(", $where: CustomerWhere", "").replace(", where: $where", "")


async def measure(stage: Stage, effort: Effort) -> Result:
    """Measure."""
    documents = {
        OURS: document("members"),
        POSTGRAPHILE: postgraphile.document("members"),
        PLAIN: PLAIN_DOCUMENT,
        JSON_AGG: PLAIN_DOCUMENT,
    }
    contestants = [await _contestant(stage, name, text) for name, text in documents.items()]
    on_all = replace(await _contestant(stage.on_all_processors, OURS, document("members")), name=OURS_ON_ALL)
    runs = await race([*contestants, on_all], _LOAD, effort)
    swift = [each for each in contestants if each.name != PLAIN]
    steady = arrivals({each.name: runs[each.name] for each in swift})
    steadily = await race(swift, steady, effort, warm=False)
    stored = await _contestant(stage, POSTGRAPHILE, postgraphile.document("stored_members"), same=False)
    beside = await race([contestants[0], stored], _LOAD, effort)
    goals = {POSTGRAPHILE: 1.5, PLAIN: 8, JSON_AGG: 0.5}
    return Result(
        lines=[
            rate_line(_STORED, POSTGRAPHILE, beside, OURS, POSTGRAPHILE, Goal(at_least=1.5), "pages"),
            *(
                rate_line(_WORK, name, runs, OURS, name, Goal(at_least=goal), "pages")
                for name, goal in goals.items()
            ),
            rate_line(
                f"{_WORK}, {ON_ALL}", JSON_AGG, runs, OURS_ON_ALL, JSON_AGG, Goal(at_least=0.5), "pages"
            ),
        ],
        details=[
            *details(_WORK, _LOAD, runs),
            *details(_WORK, steady, steadily),
            *details(_STORED, _LOAD, beside),
        ],
        notes=_NOTES,
    )


async def _contestant(stage: Stage, name: str, text: str, *, same: bool = True) -> HttpContestant:
    """One that asks for page after page; `same`: its pages are compared with ours first."""
    bodies: list[bytes] = []
    contestant = await _asking(stage, name, bodies)
    after: str | None = None
    ours_after: str | None = None
    for _ in range(_MOST_PAGES):
        page = await _page(contestant, text, after)
        if same and name != OURS:
            ours = await stage.ask(document("members"), first=_FIRST, after=ours_after)
            check_same(name, ours, page)
            ours_after = ours["customers"]["pageInfo"]["endCursor"]
        bodies.append(body(text, first=_FIRST, after=after))
        if not page["customers"]["pageInfo"]["hasNextPage"]:
            break
        after = page["customers"]["pageInfo"]["endCursor"]
    return await _asking(stage, name, bodies)


async def _asking(stage: Stage, name: str, bodies: list[bytes]) -> HttpContestant:
    turns = itertools.cycle(bodies)
    return stage.ours(turns) if name == OURS else await peer(stage, name, turns)


async def _page(contestant: HttpContestant, text: str, after: str | None) -> Any:
    return await asked(contestant, text, first=_FIRST, after=after)
