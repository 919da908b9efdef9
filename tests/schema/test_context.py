"""A request has one "now"; that of a mutation's answer is not before its writes."""

from datetime import timedelta

import pytest

from tests.schema.api import NOW, VENDOR

HOLD = """
mutation($input: RedeemInput!) {
  hold(input: $input) { ... on Redemption { id recordedAt expiresAt status quota { held remaining } } }
}
"""


@pytest.fixture
def slow(api, monkeypatch):
    """The journal decides a day after the request came."""
    post_many = api.journal.post_many

    async def later(commands):
        api.clock.now += timedelta(days=1)
        return await post_many(commands)

    monkeypatch.setattr(api.journal, "post_many", later)
    return api


async def test_what_a_mutation_answers_is_as_of_what_it_wrote(slow, monkeypatch):
    seen = []
    from schema.context import Context

    renew = Context.renew_loaders

    def note(self):
        renew(self)
        seen.append(self.now)

    monkeypatch.setattr(Context, "renew_loaders", note)
    asked = {"memberNo": "M1", "benefit": "physical-exam", "idempotencyKey": "late", "holdHours": 1}
    answer = await slow.ask(HOLD, VENDOR, input=asked)
    assert answer["errors"] == []
    held = answer["data"]["hold"]
    recorded_at = NOW + timedelta(days=1)
    assert held["recordedAt"] == recorded_at.isoformat()
    assert held["expiresAt"] == (recorded_at + timedelta(hours=1)).isoformat()
    assert seen == [NOW, recorded_at]


async def test_a_clock_that_is_set_back_meanwhile_takes_no_answer_back(api, monkeypatch):
    from schema.context import Context

    context = Context(
        viewer=VENDOR, pool=api.pool, journal=api.journal, handbooks=api.handbooks, clock=api.clock
    )
    api.clock.now -= timedelta(days=1)
    context.renew_loaders()
    assert context.now == NOW
