"""What PostgreSQL plans to do for a statement as it stands in its file.

A connection prepares each statement. PostgreSQL plans it for the values given, and after five times perhaps once for
all values: then a condition such as `$1 is null or …` serves no index any more. So a plan is looked at both ways.
`explain` of the statement itself would not show the second: it sees the values, whatever it is told.
"""

from typing import Any

_RUN = "analyze, costs off, timing off, summary off, buffers off, format json"
ANALYZE = "set default_statistics_target = 1000; analyze; reset default_statistics_target"
"""Of every row of tables as large as the tests'. By itself PostgreSQL looks at some 30,000 rows at random, and may miss
a vendor with few."""
BOTH_WAYS = ("force_custom_plan", "force_generic_plan")


async def explained(
    conn: Any, statement: str, *values: object, mode: str = BOTH_WAYS[0], options: str = "format json"
) -> list[dict]:
    """The nodes of the plan, all levels."""
    await conn.execute(f"set plan_cache_mode = {mode}")
    prepared = await conn.prepare(statement)
    literals = [
        await conn.fetchval(f"select quote_nullable($1::{parameter.name})", value)
        for parameter, value in zip(prepared.get_parameters(), values, strict=True)
    ]
    given = f"({', '.join(literals)})" if literals else ""
    plan = await conn.fetchval(f"explain ({options}) execute {prepared.get_name()}{given}")
    return _nodes(plan[0]["Plan"])


def _nodes(plan: dict) -> list[dict]:
    return [plan, *(node for below in plan.get("Plans", ()) for node in _nodes(below))]


def scanned_tables(nodes: list[dict]) -> list[str]:
    """The tables that a plan reads from end to end."""
    return [node["Relation Name"] for node in nodes if node["Node Type"] == "Seq Scan"]


def rows_read(nodes: list[dict]) -> int:
    """How many rows of tables a plan that was run has looked at, those that it did not want too."""
    return sum(
        node["Actual Loops"] * (node["Actual Rows"] + node.get("Rows Removed by Filter", 0))
        for node in nodes
        if "Relation Name" in node
    )


class Explaining:
    """Stands for a connection: keeps the plan of each statement that is read, as it was run, and gives no rows."""

    def __init__(self, conn: Any, mode: str) -> None:
        self._conn, self._mode = conn, mode
        self.plans: list[list[dict]] = []

    async def fetch(self, statement: str, *values: object) -> list[Any]:
        """Keep the plan of the statement; no rows."""
        plan = await explained(self._conn, statement, *values, mode=self._mode, options=_RUN)
        self.plans.append(plan)
        return []

    async def fetchrow(self, statement: str, *values: object) -> None:
        """Keep the plan of the statement; no row."""
        await self.fetch(statement, *values)

    def nodes(self) -> list[dict]:
        """The nodes of the plan of the last statement, all levels."""
        return self.plans[-1]
