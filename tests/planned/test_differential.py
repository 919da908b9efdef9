"""graphql-core and plans answer alike, whatever the document and the values: data, errors, calls, order of keys."""

import pytest

from schema.build import build_schema
from tests.planned.differential import Differential
from tests.planned.features import build

# graphql-core abandons coroutines after some errors, and so do plans. The warning itself fails where they are collected
# while a named tuple is made.
pytestmark = [
    pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning"),
    pytest.mark.filterwarnings(
        "ignore:Exception ignored in. <coroutine:pytest.PytestUnraisableExceptionWarning"
    ),
]


async def test_a_schema_with_every_feature_has_the_same_answers() -> None:
    differential = Differential(build()._schema, fields=15)
    assert await differential.differences(range(500)) == []
    assert differential.comparison.shared > 0
    assert differential.comparison.fell_back == []


async def test_the_services_own_schema_has_the_same_answers() -> None:
    differential = Differential(build_schema().core, fields=12)
    assert await differential.differences(range(10_000, 10_900)) == []
    assert differential.comparison.shared > 0
    assert differential.comparison.fell_back == []
