"""Our service beside its peers: measures every line of the table and prints it.

    python -m bench.comparison [--quick] [--only NAME,…] [--customers N] [--rounds N] [--seconds S]
        [--growth N [--grown FOLDER]] [--write]

Everything that is needed is made: a database with a generated portfolio, the service, the peers.
"""

import argparse
import platform
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import psutil
import uvloop

from bench.comparison.measurements import MEASUREMENTS
from bench.comparison.report import details_table, notes_list, table
from bench.comparison.stage import stage
from bench.comparison.values import Effort, Result
from bench.comparison.writing import write

_FULL = Effort(customers=10_000, imported=100_000, rounds=5, seconds=8, workers=1, growth=None)
_QUICK = Effort(customers=1000, imported=2000, rounds=3, seconds=1.5, workers=1, growth=None)


def main() -> None:
    """Measure and print."""
    names = [each.name for each in MEASUREMENTS]
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="a few minutes: smaller, shorter, less exact")
    parser.add_argument("--only", default=",".join(names), help=f"some of {', '.join(names)}")
    parser.add_argument("--customers", type=int)
    parser.add_argument("--imported", type=int, help="customers of the stream that is imported")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--seconds", type=float, help="of load, for each contestant in each round")
    parser.add_argument("--workers", type=int, help="processes of our service; each peer has one")
    parser.add_argument("--write", action="store_true", help="write the figures into docs/performance.md")
    parser.add_argument("--growth", type=int, help="customers of a larger portfolio to compare with")
    parser.add_argument("--grown", type=Path, help="a folder where the portfolios of --growth are kept")
    given = parser.parse_args()
    unknown = set(given.only.split(",")) - set(names)
    if unknown:
        parser.error(f"--only: unknown: {', '.join(sorted(unknown))}")
    basis = _QUICK if given.quick else _FULL
    effort = Effort(
        customers=given.customers or basis.customers,
        imported=given.imported or basis.imported,
        rounds=given.rounds or basis.rounds,
        seconds=given.seconds or basis.seconds,
        workers=given.workers or basis.workers,
        growth=given.growth,
        grown=given.grown,
    )
    results = uvloop.run(_measured(effort, set(given.only.split(","))))
    figures = _said(effort, results)
    print(figures)
    if given.write:
        write(figures, [line for each in results for line in each.lines])


async def _measured(effort: Effort, names: set[str]) -> list[Result]:
    results = []
    async with stage(effort) as opened:
        for each in MEASUREMENTS:
            if each.name in names:
                begun = time.perf_counter()
                results.append(await each.measure(opened, effort))
                print(f"{each.name}: {time.perf_counter() - begun:.0f} s", file=sys.stderr)
    return results


def _said(effort: Effort, results: list[Result]) -> str:
    circumstances = (
        f"{effort.customers:,} customers ({effort.imported:,} where they are imported); "
        f"{effort.rounds} rounds of {effort.seconds:g} s for each contestant; "
        f"{effort.workers} worker(s) of ours; {psutil.cpu_count()} processors, Python "
        f"{platform.python_version()}; {datetime.now(UTC).date()}."
    )
    parts = (
        circumstances,
        table([line for each in results for line in each.lines]),
        details_table([detail for each in results for detail in each.details]),
        notes_list(results),
    )
    return "\n\n".join(part for part in parts if part)


if __name__ == "__main__":
    main()
