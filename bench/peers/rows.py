"""Fills the tables that the peers read from our service's answers and its ledger: see the SQL beside this file."""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import asyncpg

from base.sql import Queries
from bench.comparison.stage import Stage

QUERIES = Queries(Path(__file__).with_suffix(".sql"))
_EVERYTHING = """query ($after: String) { customers(first: 40, after: $after) {
  pageInfo { hasNextPage endCursor }
  edges { node {
    memberNo name
    tier { star name ratedPremium since until next { star name shortfall } }
    serviceYears { number start end }
    serviceYear { number start end }
    quotas {
      benefit { code name section { code name } familyShared }
      variant entitled refusal { code message availableFrom requiredStar }
      allowance { __typename ... on Unlimited { unit } ... on Counted { unit units per } }
      policy { policyNo } granted used held remaining resetsOn
    }
  } } } }"""
Row = Sequence[Any]
Node = Mapping[str, Any]


async def fill(stage: Stage) -> None:
    """Make and fill the tables. Prior ones, if there are any, are dropped."""
    conn = await asyncpg.connect(stage.database.dsn)
    try:
        await conn.execute("drop schema if exists peer cascade")
        await conn.execute(QUERIES["create"])
        ids = {row["member_no"]: row["id"] for row in await conn.fetch(QUERIES["member_ids"])}
        async for nodes in _pages(stage):
            await _copy(conn, nodes, ids)
        await conn.execute(QUERIES["ratings"], stage.today)
        for name in ("balances", "vendors", "redemptions", "entries"):
            await conn.execute(QUERIES[name])
        await conn.execute("vacuum analyze")
    finally:
        await conn.close()


async def _pages(stage: Stage) -> AsyncIterator[list[Node]]:
    after: str | None = None
    while True:
        page = (await stage.ask(_EVERYTHING, after=after))["customers"]
        yield [edge["node"] for edge in page["edges"]]
        if not page["pageInfo"]["hasNextPage"]:
            return
        after = page["pageInfo"]["endCursor"]


async def _copy(
    conn: "asyncpg.Connection[asyncpg.Record]", nodes: Sequence[Node], ids: Mapping[str, int]
) -> None:
    benefits = {quota["benefit"]["code"]: quota["benefit"] for node in nodes for quota in node["quotas"]}
    for each in benefits.values():
        section = each["section"]
        await conn.execute(
            "insert into peer.sections values ($1, $2) on conflict do nothing",
            section["code"],
            section["name"],
        )
        await conn.execute(
            "insert into peer.benefits values ($1, $2, $3, $4) on conflict do nothing",
            each["code"],
            each["name"],
            section["code"],
            each["familyShared"],
        )
    known = [(ids[node["memberNo"]], node) for node in nodes]
    tables: dict[str, list[Row]] = {
        "members": [(number, node["memberNo"], node["name"]) for number, node in known],
        "tiers": [_tier(number, node["tier"]) for number, node in known],
        "service_years": [
            row for number, node in known for row in _service_years(number, node["serviceYears"])
        ],
        "current_years": [
            row
            for number, node in known
            if node["serviceYear"]
            for row in _service_years(number, [node["serviceYear"]])
        ],
        "quotas": [row for number, node in known for row in _quotas(number, node)],
    }
    for table, rows in tables.items():
        await conn.copy_records_to_table(table, schema_name="peer", records=rows)


def _tier(member: int, tier: Node) -> Row:
    following = tier["next"] or {}
    return (
        member,
        tier["star"],
        tier["name"],
        Decimal(tier["ratedPremium"]),
        _day(tier["since"]),
        _day(tier["until"]),
        following.get("star"),
        following.get("name"),
        Decimal(following["shortfall"]) if following else None,
    )


def _service_years(member: int, years: Sequence[Node]) -> list[Row]:
    return [(member, each["number"], _day(each["start"]), _day(each["end"])) for each in years]


def _quotas(member: int, node: Node) -> Iterator[Row]:
    for position, quota in enumerate(node["quotas"], 1):
        refusal, allowance = quota["refusal"] or {}, quota["allowance"] or {}
        yield (
            member,
            position,
            quota["benefit"]["code"],
            quota["variant"],
            quota["entitled"],
            refusal.get("code"),
            refusal.get("message"),
            _day(refusal.get("availableFrom")),
            refusal.get("requiredStar"),
            allowance.get("__typename"),
            allowance.get("unit"),
            allowance.get("units"),
            allowance.get("per"),
            (quota["policy"] or {}).get("policyNo"),
            quota["granted"],
            quota["used"],
            quota["held"],
            quota["remaining"],
            _day(quota["resetsOn"]),
        )


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
