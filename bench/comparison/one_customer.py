"""What a front end asks about one customer: the star, the member card, the activity; against PostGraphile."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from bench.comparison.answers import check_same, flat
from bench.comparison.loads import Closed
from bench.comparison.peers import POSTGRAPHILE, peer
from bench.comparison.racing import details, race, rate_line
from bench.comparison.stage import OURS, Stage, asked
from bench.comparison.tiny_reads import STAR
from bench.comparison.values import Detail, Effort, Goal, Line, Result
from bench.documents import body, document
from bench.peers import postgraphile

_LOAD = Closed(clients=8)
_GOAL = Goal(at_least=1.0)
_COMPARED = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    """A document of ours and the name of PostGraphile's, and their variables besides the member number."""

    work: str
    text: str
    name: str
    active: bool = False
    variables: dict[str, Any] = field(default_factory=dict)


_QUESTIONS = (
    _Question(work="one customer's star", text=STAR, name="star"),
    _Question(work="member card", text=document("member_card"), name="member_card"),
    _Question(
        work="activity, first: 50",
        text=document("activity"),
        name="activity",
        active=True,
        variables={"first": 50},
    ),
)


async def measure(stage: Stage, effort: Effort) -> Result:
    """Measure."""
    lines: list[Line] = []
    told: list[Detail] = []
    for question in _QUESTIONS:
        members = stage.active if question.active else stage.members
        text = postgraphile.document(question.name)
        ours = stage.ours(_bodies(question.text, members, question))
        theirs = await peer(stage, POSTGRAPHILE, _bodies(text, members, question))
        for member in members[:_COMPARED]:
            variables = {"memberNo": member, **question.variables}
            answer = await stage.ask(question.text, **variables)
            check_same(POSTGRAPHILE, flat(answer), await asked(theirs, text, **variables))
        runs = await race([ours, theirs], _LOAD, effort)
        lines.append(rate_line(question.work, POSTGRAPHILE, runs, OURS, POSTGRAPHILE, _GOAL, "answers"))
        told += details(question.work, _LOAD, runs)
    return Result(lines=lines, details=told)


def _bodies(text: str, members: Sequence[str], question: _Question) -> "itertools.cycle[bytes]":
    return itertools.cycle([body(text, memberNo=each, **question.variables) for each in members])
