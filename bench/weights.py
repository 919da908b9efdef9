"""Measures the processor time of each field of the schema, and writes the table of costs.

    python -m bench.weights [--data DIR] [--out schema/weights.yaml]

Loads the demo portfolio into an embedded database (or takes the one in DIR), then measures every field of a query
(`bench.field_costs`), every command and every input (`bench.command_costs`). Takes some minutes.
"""

import argparse
import asyncio
import tempfile
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

from app.services import open_services
from app.settings import Settings
from bench.command_costs import command_costs
from bench.desk import Desk
from bench.field_costs import FieldCosts, Measured, cpu_us
from bench.what_if import write_candidate
from demo import load
from handbook import BUSINESS_ZONE
from planned import PlanCache
from schema.build import build_schema
from schema.queries.usage import MOST_ROWS
from schema.weights import FILE, OPERATION, TYPENAME, FieldWeight, Weights

_NOW = datetime(2026, 11, 22, 18, 30, tzinfo=BUSINESS_ZONE)
_HEADER = """# What each field of the schema takes, in microseconds of this process: `python -m bench.weights` writes,
# schema/weights.py reads. `each` is for one object that has the field, `row` for each row that `first` says of a
# page, `once` for each place where a document asks for the field. `length` is how many objects a list holds: the most
# in the demo portfolio, or the argument that has as many items. `field(argument)` holds where the argument is given.
# Guessed, see bench/weights.py: fields that only mutations reach, and lengths of lists that grow with the years.
"""
_GUESSED_US = 10
"""A field of a type that no query reaches."""
_ITEM_US = 20
"""An item of a list beyond those that were measured."""

ARGUMENTS = {
    "Query.customer": 'memberNo: "{member}"',
    "Query.customers": "first: $n",
    "Query.editionDiff": 'from: "zhenxuan-1", to: "zhenxuan-2"',
    "Query.editionWhatIf": 'edition: "zhenxuan-2"',
    "Query.eligibility": 'memberNo: "{member}", benefit: "physical-exam"',
    "Query.entries": "first: $n",
    "Query.node": 'id: "{statement}"',
    "Query.period": 'vendor: "{vendor}", period: "{period}"',
    "Query.settlement": 'vendor: "{vendor}", period: "{closed}"',
    "Query.settlements": "first: $n",
    "Query.auditEvents": "first: $n",
    "Query.benefit": 'code: "physical-exam"',
    "Query.redemptions": "first: $n",
    "Query.usage": 'from: "2019-01-01", to: "2027-01-01", groupBy: [VENDOR, BENEFIT, VARIANT, STAR]',
    "Query.statement": 'id: "{statement}"',
    "Query.statements": "first: $n",
    "Query.vendor": 'code: "{vendor}"',
    "Query.vendors": "first: $n",
    "Query.__type": 'name: "Customer"',
    "Customer.tierHistory": 'from: "2019-01-01", to: "2030-01-01"',
    "Customer.entries": "first: $m",
    "Vendor.usage": 'from: "2019-01-01", to: "2027-01-01"',
    "Vendor.serviceLevels": 'from: "2024-01-01", to: "2027-01-01"',
    "ServiceLevelReport.lateRedemptions": "first: $m",
    "Period.findings": "first: $m",
    "Statement.findings": "first: $m",
}
"""What fields need, for as much work as they can make."""

OPTIONAL = {
    "Customer.tier(on)": 'on: "2026-03-02"',
    "Customer.tier(knownAt)": 'knownAt: "2026-08-01T00:00:00+08:00"',
    "Customer.serviceYear(on)": 'on: "2026-03-02"',
    "Customer.quotas(on)": 'on: "2026-03-02"',
    "Customer.relatives(benefit)": 'benefit: "physical-exam"',
    "Customer.whatIf(edition)": 'edition: "zhenxuan-2"',
    "Customer.whatIf(on)": 'on: "2027-06-01"',
    "Customer.entries(serviceYear)": "serviceYear: 1",
    "Vendor.benefits(on)": 'on: "2026-03-02"',
    "Policy.status(on)": 'on: "2026-03-02"',
    "PolicyComponent.premium(on)": 'on: "2026-03-02"',
    "Query.programme(on)": 'on: "2026-03-02"',
    "Query.benefit(on)": 'on: "2026-03-02"',
    "Query.settings(on)": 'on: "2026-03-02"',
    "Query.liability(on)": 'on: "2026-03-02"',
    "Query.editionWhatIf(on)": 'on: "2027-06-01"',
    "Query.customers(where)": "where: {star: {gte: 0}}",
    "Query.entries(where)": 'where: {occurredOn: {gte: "2019-01-01"}}',
    "Query.redemptions(where)": 'where: {occurredOn: {gte: "2019-01-01"}}',
}
"""Arguments that could change the work. Not `Benefit.requires(option)`: an option that a benefit lacks is an error."""

LENGTHS = {
    "Query.editionDiff": 200,
    "Query.editions": 5,
    "UsageReport.rows": MOST_ROWS,
    "EditionWhatIf.moves": 20,
    "Period.statements": 10,
    "Finding.candidates": 10,
    "Finding.redemptions": 3,
    "Finding.otherLines": 3,
    "Finding.history": 5,
    "Redemption.milestones": 4,
    "WhatIf.refusals": 5,
    "__Type.ofType": 0.6,
}
"""Lists that the demo portfolio has shorter than a year of work would: guesses of the most that is usual.

Of the schema's own types most are wrapped once or twice (`Int!`, `[Benefit!]!`), named ones never.
"""

IN_THREADS = {"Query.editionDiff": 0.5, "Query.editionWhatIf": 0.5}
"""What is worked out beside the event loop lets others go on meanwhile, and counts by this much."""

_FREE = FieldWeight(each_us=0)


class _Nothing(dict[str, FieldWeight]):
    def __missing__(self, _: str) -> FieldWeight:
        return _FREE


NOTHING = Weights(fields=_Nothing(), dearer={}, inputs={}, input_us=0, value_us=0)
"""A table by which everything may run: for measuring."""


async def known(desk: Desk) -> Mapping[str, str]:
    """The values of arguments: a customer with a long history, a vendor with statements."""
    data = await desk.ask(
        """{ statements(first: 100) { edges { node { id lines period status vendor { code } } } }
        settlements(first: 100) { edges { node { period vendor { code } } } }
        customers(first: 100, where: {star: {gte: 4}}) { edges { node { memberNo policies { policyNo } } } } }"""
    )
    nodes = {name: [edge["node"] for edge in page["edges"]] for name, page in data.items()}
    closed = nodes["settlements"][0]
    statement = max(
        (each for each in nodes["statements"] if each["vendor"] == closed["vendor"]),
        key=lambda each: each["lines"],
    )
    member = max(nodes["customers"], key=lambda each: len(each["policies"]))
    return {
        "member": member["memberNo"],
        "statement": statement["id"],
        "vendor": statement["vendor"]["code"],
        "period": statement["period"],
        "closed": closed["period"],
    }


async def measure(desk: Desk, schema: Any) -> dict[str, Any]:
    """The table."""
    names = await known(desk)
    arguments = {key: _filled(value, names) for key, value in ARGUMENTS.items()}
    costs = FieldCosts(schema.core, desk.ask, arguments, OPTIONAL)
    measured = {name: dict(fields) for name, fields in (await costs.all()).items()}
    operation_us = await cpu_us(desk.ask, "{ viewer { __typename } }", 50)
    commands = await command_costs(desk)
    measured["Mutation"] = dict(commands.fields)
    for full, length in LENGTHS.items():
        type_name, _, field = full.partition(".")
        seen = measured[type_name][field]
        more = max(0.0, length - float(seen.length or 1))
        measured[type_name][field] = replace(seen, each_us=seen.each_us + more * _ITEM_US, length=length)
    for full, share in IN_THREADS.items():
        type_name, _, field = full.partition(".")
        measured[type_name][field] = replace(
            measured[type_name][field], each_us=share * measured[type_name][field].each_us
        )
    for name, named in schema.core.type_map.items():
        for field in getattr(named, "fields", {}) if hasattr(named, "interfaces") else ():
            measured.setdefault(name, {}).setdefault(field, Measured(each_us=_GUESSED_US))
    return {
        OPERATION: _rounded(operation_us),
        TYPENAME: 3,
        "value": _rounded(commands.value_us),
        "input": _rounded(commands.input_us),
        "inputs": {name: _rounded(us) for name, us in sorted(commands.inputs.items())},
        "types": {
            name: {key: _entry(each) for key, each in fields.items()}
            for name, fields in sorted(measured.items())
        },
    }


def _filled(text: str, names: Mapping[str, str]) -> str:
    for name, value in names.items():
        text = text.replace(f"{{{name}}}", value)
    return text


def _entry(measured: Measured) -> Any:
    entry: dict[str, Any] = {"each": _rounded(measured.each_us)}
    if measured.row_us:
        entry["row"] = _rounded(measured.row_us)
    if measured.once_us:
        entry["once"] = _rounded(measured.once_us)
    if measured.length is not None:
        entry["length"] = measured.length or 1
    return entry["each"] if len(entry) == 1 else entry


def _rounded(us: float) -> int:
    """Rounded to two digits: more are noise."""
    step: int = 10 ** max(0, len(str(int(us))) - 2)
    return max(1, round(us / step) * step)


def text_of(table: Mapping[str, Any]) -> str:
    """The table as YAML."""
    return _HEADER + yaml.safe_dump(dict(table), sort_keys=False, default_flow_style=None, width=110)


async def _measured(data: Path | None) -> str:
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="entitlements-bench-")))
        services = await stack.enter_async_context(
            open_services(Settings(data=data or folder / "data", clock=_NOW, pool_size=4))
        )
        await load(services)
        write_candidate(folder / "editions")
        schema = build_schema(table=NOTHING, plans=PlanCache())
        table = await measure(Desk(services, schema, folder / "editions"), schema)
    return text_of(table)


def main() -> None:
    """Run the benchmark and write the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, help="folder of an embedded database with the demo portfolio")
    parser.add_argument("--out", type=Path, default=FILE)
    arguments = parser.parse_args()
    arguments.out.write_text(asyncio.run(_measured(arguments.data)), encoding="utf-8")


if __name__ == "__main__":
    main()
