"""A request has one "now"; that of a mutation's answer is the moment of its writes."""

from datetime import timedelta

import pytest

from schema.context import Context
from tests.schema.api import NOW, STAFF, VENDOR, member

HOLD = """
mutation($input: RedeemInput!) {
  hold(input: $input) { ... on Redemption {
    id recordedAt expiresAt status quota { held remaining } serviceLevel { respondBy }
  } }
}
"""
ASKED = {"memberNo": "M1", "benefit": "physical-exam", "idempotencyKey": "late", "holdHours": 1}


@pytest.fixture
def made(monkeypatch):
    """The contexts of the requests."""
    contexts = []
    written = Context.written

    def note(self, at=None):
        written(self, at)
        contexts.append(self)

    monkeypatch.setattr(Context, "written", note)
    return contexts


@pytest.fixture
def ticking(api, monkeypatch):
    """The clock goes on by a day whenever it is read; how often it was read."""
    read = []

    def tick(clock):
        clock.now += timedelta(days=1)
        read.append(clock.now)
        return clock.now

    monkeypatch.setattr(type(api.clock), "__call__", tick)
    return read


async def test_what_a_mutation_answers_is_as_of_what_it_wrote(api, ticking, made):
    answer = await api.ask(HOLD, VENDOR, input=ASKED)
    assert answer["errors"] == []
    held = answer["data"]["hold"]
    (recorded_at,) = ticking
    assert held["recordedAt"] == recorded_at.isoformat()
    assert held["expiresAt"] == (recorded_at + timedelta(hours=1)).isoformat()
    assert [each.now for each in made] == [recorded_at]


async def test_a_repeated_command_is_answered_as_of_the_repetition(api, ticking, made):
    first = await api.data(HOLD, VENDOR, input=ASKED)
    again = await api.data(HOLD, VENDOR, input=ASKED)
    assert again["hold"]["recordedAt"] == first["hold"]["recordedAt"]
    assert [each.now for each in made] == ticking == [NOW + timedelta(days=1), NOW + timedelta(days=2)]


async def test_recorded_events_are_answered_as_of_the_moment_at_which_they_are_rated(api, ticking, made):
    (told,) = await api.record(member("M2")[0])
    assert told["__typename"] == "Recorded"
    computed_at = await api.pool.fetchval(
        "select computed_at from ratings r join customers c on c.id = r.customer_id where c.member_no = 'M2'"
    )
    assert [each.now for each in made] == ticking == [computed_at]


async def test_a_clock_that_is_set_back_meanwhile_takes_no_answer_back(api):
    context = Context(
        viewer=VENDOR, pool=api.pool, journal=api.journal, handbooks=api.handbooks, clock=api.clock
    )
    assert context.now == NOW
    context.written(NOW - timedelta(days=1))
    assert context.now == NOW


async def test_what_was_read_before_a_write_is_read_again_after_it(api):
    context = Context(
        viewer=STAFF, pool=api.pool, journal=api.journal, handbooks=api.handbooks, clock=api.clock
    )
    before = context.loaders
    assert context.loaders is before
    context.written()
    assert context.loaders is not before
