"""A generated history stream of any size, deterministic: the input of the import benchmark.

    python -m bench.history_stream --customers 100000 > stream.jsonl

Three events a customer on average: the registration, a policy or two, and for some later events.
"""

import argparse
import json
import random
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

_SEED = 20_240_110
_LATEST_DAYS = 75
"""How long before the end the last customers come: 60 days until something happens, 15 until they are reinstated."""
_CATEGORIES = ("whole_life", "term_life", "annuity", "critical_illness", "endowment")
_DESIGNS = ("traditional", "traditional", "participating", "universal")
_MODES = ("annual", "annual", "semi_annual", "quarterly", "monthly")


def member_number(number: int) -> str:
    """The member number of the customer of that number, from 1 on."""
    return f"B{number:07}"


def stream(customers: int, *, until: date) -> Iterator[dict[str, Any]]:
    """Yield events of so many customers, in the order in which an insurer's core system would tell them by customer.

    All are recorded before the day `until` is over.
    """
    chance = random.Random(_SEED)  # noqa: S311 (a benchmark, no secret)
    for number in range(1, customers + 1):
        yield from _customer(member_number(number), chance, until)


def _customer(member_no: str, chance: random.Random, until: date) -> Iterator[dict[str, Any]]:
    begun = until - timedelta(days=chance.randrange(_LATEST_DAYS, 3000))
    count = 0

    def event(kind: str, day: date, **fields: Any) -> dict[str, Any]:
        nonlocal count
        count += 1
        return {
            "event_id": f"{member_no}-{count}",
            "type": kind,
            "member_no": member_no,
            "effective_on": day.isoformat(),
            "recorded_at": f"{day.isoformat()}T09:00:00+08:00",
            **fields,
        }

    yield event("customer_registered", begun, name=f"客户{member_no}")
    yield event("policy_issued", begun, policy_no="P1", **_product(chance))
    turn = chance.random()
    later = begun + timedelta(days=chance.randrange(20, 60))
    if turn < 0.35:
        yield event("policy_issued", later, policy_no="P2", **_product(chance))
    elif turn < 0.6:
        yield event(
            "rider_added",
            later,
            policy_no="P1",
            component_id="r1",
            mode="annual",
            premium=f"{chance.randrange(10, 300) * 100}.00",
            term_years=10,
        )
    elif turn < 0.75:
        yield event("lapsed", later, policy_no="P1")
        if turn < 0.7:
            yield event("reinstated", later + timedelta(days=15), policy_no="P1")
    elif turn < 0.95:
        yield event("relative_registered", later, relative_id="R1", name="配偶", relation="spouse")


def _product(chance: random.Random) -> dict[str, Any]:
    single = chance.random() < 0.2
    product: dict[str, Any] = {
        "line": "individual",
        "coverage": "long",
        "category": chance.choice(_CATEGORIES),
        "design": chance.choice(_DESIGNS),
        "mode": "single" if single else chance.choice(_MODES),
        "premium": f"{chance.randrange(5, 200) * (10_000 if single else 1000)}.00",
    }
    if not single:
        product["term_years"] = chance.choice((3, 5, 10, 15, 20))
    return product


def main() -> None:
    """Write a stream to standard output."""
    arguments = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    arguments.add_argument("--customers", type=int, default=100_000)
    arguments.add_argument("--until", type=date.fromisoformat, default=date(2026, 11, 1))
    given = arguments.parse_args()
    for event in stream(given.customers, until=given.until):
        sys.stdout.write(json.dumps(event, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
