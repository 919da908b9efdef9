"""The peers of a stage as contestants: each is started when it is first asked for, and ends with the stage."""

import os
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager

from bench.comparison.loads import HttpContestant
from bench.comparison.stage import Stage
from bench.peers import rows
from bench.peers.postgraphile import installed
from bench.peers.running import Peer, running

POSTGRAPHILE = "PostGraphile 5"
PLAIN = "plain Strawberry + Tortoise"
JSON_AGG = "json_agg"
NOTHING = "a mutation that does nothing"
_MODULES = {
    PLAIN: "bench.peers.plain_strawberry",
    JSON_AGG: "bench.peers.json_agg",
    NOTHING: "bench.peers.nothing",
}
_CONNECTIONS = "8"
"""Of PostGraphile to the database; the other peers have as many."""


async def peer(
    stage: Stage,
    name: str,
    bodies: Iterator[bytes],
    *,
    proof: bytes = b'"data"',
) -> HttpContestant:
    """The peer, started if it does not run yet; each answer holds `proof`."""
    started = stage.peers.get(name)
    if started is None:
        if name != NOTHING and not stage.filled:
            await rows.fill(stage)
            stage.filled = True
        started = stage.peers[name] = stage.opened.enter_context(_running(stage, name))
    return HttpContestant(
        name=name,
        address=started.address,
        service=started.processes,
        database=stage.database.processes,
        bodies=bodies,
        right=lambda answer: b'"errors":' not in answer and proof in answer,
    )


def _running(stage: Stage, name: str) -> AbstractContextManager[Peer]:
    environment = {**os.environ, **stage.database.environment, "DATABASE_URL": stage.database.dsn}
    if name in _MODULES:
        command = [sys.executable, "-m", "bench.peers.serve", _MODULES[name]]
    else:
        command = installed()
        environment |= {
            "NODE_ENV": "production",
            "GRAPHILE_ENV": "production",
            "CONNECTIONS": _CONNECTIONS,
        }
    return running(command, environment, stage.folder / f"{name}.log")
