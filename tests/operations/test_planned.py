"""Over the demo portfolio, by the service's own resolvers, plans and graphql-core answer alike."""

from random import Random
from typing import Any

import pytest

from planned import PlanCache
from schema.build import build_schema
from schema.context import Context, Role, Viewer
from tests.operations.conftest import DOCUMENTS, Desk
from tests.planned.random_operations import RandomOperations

# graphql-core abandons coroutines after some errors, and so do plans.
pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning"),
]

FELL_BACK: list[str] = []
SCHEMAS = (build_schema(), build_schema(plans=PlanCache(fell_back=FELL_BACK.append)))
AUDITOR = Viewer(role=Role.AUDITOR)
FRONT = {
    "members.graphql": ({"first": 20}, {"first": 3, "where": {"star": {"gte": 4}}}, {"first": 0}),
    "member_card.graphql": (
        {"memberNo": "M00001"},
        {"memberNo": "M00007", "on": "2026-05-01"},
        {"memberNo": "?"},
    ),
    "activity.graphql": (
        {"memberNo": "M00001", "first": 20},
        {"memberNo": "M00002", "first": 5, "after": "?"},
    ),
    "programme.graphql": ({}, {"on": "2026-11-22"}, {"on": "2010-01-01"}),
    "tier_explained.graphql": ({"memberNo": "M00003"},),
}


async def answers(desk: Desk, text: str, variables: dict[str, Any]) -> list[Any]:
    """What each of the two says; the errors in any order."""
    found = []
    for schema in SCHEMAS:
        context = Context(
            viewer=AUDITOR,
            pool=desk.services.pool,
            journal=desk.services.journal,
            handbooks=desk.services.handbooks,
            clock=desk.services.clock,
        )
        result = await schema.execute(text, variable_values=variables, context_value=context)
        errors = sorted(repr(error.formatted) for error in result.errors or ())
        found.append((repr(result.data), errors, result.extensions))
    return found


@pytest.mark.parametrize(
    ("name", "variables"), [(name, each) for name, all_of in FRONT.items() for each in all_of]
)
async def test_documents_of_the_front_end(desk: Desk, name: str, variables: dict[str, Any]) -> None:
    text = (DOCUMENTS / name).read_text(encoding="utf-8")
    core, planned = await answers(desk, text, variables)
    assert core == planned
    assert FELL_BACK == []


async def test_random_queries(desk: Desk) -> None:
    operations, ran = RandomOperations(SCHEMAS[0].core, fields=15), 0
    for seed in range(100):
        operation = operations.drawn(Random(seed))
        if operation.text.startswith("mutation"):
            continue
        core, planned = await answers(desk, operation.text, operation.variables)
        assert core == planned, operation
        ran += core[0] != "None"
    assert ran > 10
    assert FELL_BACK == []
