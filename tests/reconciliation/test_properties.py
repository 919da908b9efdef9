"""For random deliveries and statements, every line and every delivery is accounted for once, in any order.

Each example is a vendor of its own with deliveries to the same few members, posted to the real ledger, and a statement
in which some lines repeat, miss or alter what was delivered.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.commands import Redeem, Reverse
from ledger.posting.outcomes import RedemptionOutcome
from ledger.reconciliation.matching import reconcile_period
from ledger.reconciliation.reading import period_view
from ledger.reconciliation.statements import Submitted, withdraw
from ledger.reconciliation.values import FindingKind, StatementLine
from tests.reconciliation.month import OCTOBER, PHONE, PRICES, VIDEO, Month, noon, october
from tests.reconciliation.naive import Delivery, Found, naive_match

EXAMPLES = settings(max_examples=25)
TOLERANCE, BACKDATING = 3, 31
COMMON_DAYS = st.integers(8, 12).map(october)
"""Few days, few members, few references: so that much fits much."""

members = st.sampled_from(["M1", "M1", "M2"])
benefits = st.sampled_from([PHONE, PHONE, VIDEO])
references = st.sampled_from([None, None, "A", "B", "C"])
units = st.sampled_from([1, 1, 2])

deliveries_made = st.lists(
    st.builds(
        Delivery,
        place=st.just(0),
        reference=references,
        member_no=members,
        benefit=benefits,
        units=units,
        day=COMMON_DAYS,
        amount=st.just(Decimal(0)),
        reversed=st.sampled_from([False, False, False, True]),
    ),
    max_size=7,
)
invented = st.builds(
    StatementLine,
    line_no=st.just(0),
    reference=references,
    member_no=st.sampled_from(["M1", "M2", "nobody"]),
    benefit=benefits,
    units=units,
    occurred_on=COMMON_DAYS,
    amount=st.sampled_from([Decimal("12.00"), Decimal("24.00")]),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Alteration:
    """What a vendor makes of a delivery in a line: nothing, or something wrong."""

    of: int
    fields: dict[str, Any] = field(default_factory=dict)

    def line(self, made: Sequence[Delivery]) -> StatementLine | None:
        if not made:
            return None
        one = made[self.of % len(made)]
        plain = StatementLine(
            line_no=0,
            reference=one.reference,
            member_no=one.member_no,
            benefit=one.benefit,
            units=one.units,
            occurred_on=one.day,
            amount=one.units * PRICES[one.benefit],
        )
        return replace(plain, **self.fields)


altered = st.builds(
    Alteration,
    of=st.integers(0, 6),
    fields=st.fixed_dictionaries(
        {},
        optional={
            "reference": references,
            "units": units,
            "occurred_on": COMMON_DAYS,
            "amount": st.sampled_from([Decimal("11.00"), Decimal("13.00"), Decimal("12.00")]),
        },
    ),
)
stated_lines = st.lists(st.one_of(st.builds(Alteration, of=st.integers(0, 6)), altered, invented), max_size=8)


def numbered(stated: Sequence[Alteration | StatementLine], made: Sequence[Delivery]) -> list[StatementLine]:
    """The lines of a statement, from 1."""
    found = [each.line(made) if isinstance(each, Alteration) else each for each in stated]
    present = [each for each in found if each is not None]
    return [replace(each, line_no=number) for number, each in enumerate(present, start=1)]


class Example:
    """A vendor of its own; its deliveries are in the ledger."""

    def __init__(self, month: Month, vendor: str) -> None:
        self.month = month
        self.vendor = vendor
        self.made: list[Delivery] = []
        self._places: dict[tuple[int, int], int] = {}

    @classmethod
    async def of(cls, month: Month, made: Sequence[Delivery]) -> "Example":
        example = cls(month, f"h-{await month.pool.fetchval('select count(*) from vendors')}")
        await month.pool.execute("insert into vendors values ($1, $1, now())", example.vendor)
        for benefit, price in PRICES.items():
            await month.pool.execute(
                "insert into contract_terms (vendor, benefit, unit_price, starts_on)"
                " values ($1, $2, $3, '2020-01-01')",
                example.vendor,
                benefit,
                price,
            )
        await example._deliver(made)
        return example

    async def _deliver(self, made: Sequence[Delivery]) -> None:
        def post(number: int, each: Delivery) -> Redeem:
            return Redeem(
                vendor=self.vendor,
                member_no=each.member_no,
                benefit=each.benefit,
                key=f"{self.vendor}-{number}",
                units=each.units,
                occurred_at=noon(each.day),
                reference=each.reference,
            )

        journal = self.month.journal
        outcomes = await asyncio.gather(*(journal.post(post(*each)) for each in enumerate(made)))
        ids = []
        for outcome in outcomes:
            assert isinstance(outcome, RedemptionOutcome), outcome
            ids.append(outcome.id)
        self._places = {(each.customer_id, each.sequence): 0 for each in ids}
        self._places = {key: place for place, key in enumerate(sorted(self._places))}
        for each, redemption in zip(made, ids, strict=True):
            amount = each.units * PRICES[each.benefit]
            place = self._places[redemption.customer_id, redemption.sequence]
            self.made.append(replace(each, place=place, amount=amount))
        for each, redemption in zip(made, ids, strict=True):
            if each.reversed:
                key = f"{self.vendor}-back-{redemption.customer_id}-{redemption.sequence}"
                back = Reverse(actor=f"vendor:{self.vendor}", redemption=redemption, key=key, reason="误录")
                assert isinstance(await journal.post(back), RedemptionOutcome)

    async def state(self, lines: Sequence[StatementLine], number: str = "S-1") -> None:
        await self.month.state(*lines, number=number, vendor=self.vendor)

    async def run(self) -> None:
        run = await reconcile_period(
            self.month.pool,
            vendor=self.vendor,
            month=OCTOBER,
            handbook=self.month.handbook,
            now=self.month.clock.now,
        )
        assert isinstance(run, int), run

    async def matches(self) -> list[Any]:
        return await self.month.pool.fetch(
            "select m.* from matches m join statements s on s.id = m.statement where s.vendor = $1"
            " order by m.statement, m.line_no",
            self.vendor,
        )

    async def findings(self) -> list[Any]:
        return await self.month.pool.fetch(
            "select f.* from findings f join periods p on p.id = f.period where p.vendor = $1"
            " order by f.statement, f.line_no, f.customer_id, f.sequence",
            self.vendor,
        )

    async def found(self) -> Found:
        """What the run found, in the words of the second opinion."""
        matches, findings = await self.matches(), await self.findings()
        return Found(
            pairs={
                row["line_no"]: (
                    self._places[row["customer_id"], row["sequence"]],
                    row["pass"],
                    row["kind"],
                )
                for row in matches
            },
            lines={
                row["line_no"]: row["kind"]
                for row in findings
                if row["line_no"] is not None and row["sequence"] is None
            },
            unstated=frozenset(
                self._places[row["customer_id"], row["sequence"]]
                for row in findings
                if row["line_no"] is None
            ),
        )

    async def everything(self) -> tuple[list[Any], list[Any]]:
        return [tuple(row) for row in await self.matches()], [tuple(row) for row in await self.findings()]


@EXAMPLES
@given(made=deliveries_made, stated=stated_lines)
async def test_the_passes_find_what_a_person_with_two_piles_of_paper_finds(month, made, stated):
    example = await Example.of(month, made)
    lines = numbered(stated, example.made)
    await example.state(lines)
    assert await example.found() == naive_match(lines, example.made, TOLERANCE, BACKDATING)


@EXAMPLES
@given(made=deliveries_made, stated=stated_lines)
async def test_every_line_and_every_delivery_is_accounted_for_once(month, made, stated):
    example = await Example.of(month, made)
    lines = numbered(stated, example.made)
    # In two statements: what the first has matched stays so.
    await example.state(lines[: len(lines) // 2], "S-1")
    await example.state(lines[len(lines) // 2 :], "S-2")
    matches, findings = await example.matches(), await example.findings()
    assert set(Counter((row["statement"], row["line_no"]) for row in matches).values()) <= {1}
    assert set(Counter((row["customer_id"], row["sequence"]) for row in matches).values()) <= {1}
    plain = {(row["statement"], row["line_no"]) for row in matches if row["kind"] == "MATCHED"}
    waiting = {(row["statement"], row["line_no"]) for row in findings if row["line_no"] is not None}
    assert plain.isdisjoint(waiting)
    assert len(plain) + len(waiting) == len(lines)
    await adds_up(example, lines, plain)
    # A delivery that stands is in a line, waits for one, or is one of several that a line might mean.
    spoken = {(row["customer_id"], row["sequence"]) for row in matches}
    missed = {(row["customer_id"], row["sequence"]) for row in findings if row["line_no"] is None}
    maybe = {tuple(each) for row in findings if row["kind"] == "AMBIGUOUS" for each in row["candidates"]}
    assert spoken.isdisjoint(missed)
    assert missed.isdisjoint(maybe)
    standing = len([each for each in made if not each.reversed])
    assert len(spoken | missed | maybe) >= standing
    assert len(missed) <= standing


async def adds_up(example: Example, lines: Sequence[StatementLine], plain: set[tuple[int, int]]) -> None:
    """Matched and open are what is stated: lines, units, and money."""
    findings = [row for row in await example.findings() if row["line_no"] is not None]
    stated = await example.month.pool.fetch(
        "select l.* from statement_lines l join statements s on s.id = l.statement where s.vendor = $1",
        example.vendor,
    )
    matched = [row for row in stated if (row["statement"], row["line_no"]) in plain]
    for name, open_name in (("units", "stated_units"), ("amount", "stated_amount")):
        total = sum(getattr(line, name) for line in lines)
        assert sum(row[name] for row in matched) + sum(row[open_name] for row in findings) == total
    view = await period_view(example.month.pool, example.vendor, OCTOBER)
    assert view is not None
    assert (view.lines, view.stated_units) == (len(lines), sum(line.units for line in lines))
    assert view.stated_amount == sum((line.amount for line in lines), Decimal(0))
    assert view.tally.matched_units == sum(row["units"] for row in matched)
    assert view.tally.matched_amount == sum((row["amount"] for row in matched), Decimal(0))
    assert view.tally.open == len(await example.findings())
    counts = dict(view.tally.counts)
    assert counts.get(FindingKind.MATCHED, 0) == len(matched)
    assert sum(counts.values()) == len(matched) + len(await example.findings())


@EXAMPLES
@given(made=deliveries_made, stated=stated_lines)
async def test_running_twice_is_running_once(month, made, stated):
    example = await Example.of(month, made)
    await example.state(numbered(stated, example.made))
    once = await example.everything()
    await example.run()
    assert await example.everything() == once


@EXAMPLES
@given(made=deliveries_made, stated=stated_lines, data=st.data())
async def test_the_order_of_the_lines_makes_no_difference(month, made, stated, data):
    found = []
    example = await Example.of(month, made)
    lines = numbered(stated, example.made)
    shuffled = data.draw(st.permutations(lines))
    for number, order in (("S-1", lines), ("S-2", shuffled)):
        renumbered = [replace(each, line_no=place) for place, each in enumerate(order, start=1)]
        await example.state(renumbered, number)
        by_number = {each.line_no: replace(each, line_no=0) for each in renumbered}
        once = await example.found()
        found.append(
            (
                Counter((by_number[line_no], *pair[1:]) for line_no, pair in once.pairs.items()),
                Counter((by_number[line_no], kind) for line_no, kind in once.lines.items()),
                len(once.unstated),
            )
        )
        await take_back(example, number)
    assert found[0] == found[1]


async def take_back(example: Example, number: str) -> None:
    """Withdraw a statement: nothing of it is left, and every delivery that stands is in no line again."""
    pool = example.month.pool
    statement = await pool.fetchval(
        "select id from statements where vendor = $1 and number = $2", example.vendor, number
    )
    done = await withdraw(
        pool,
        statement=statement,
        note="更正",
        by="li",
        handbook=example.month.handbook,
        now=example.month.clock.now,
    )
    assert isinstance(done, Submitted), done
    assert await example.matches() == []
    left = await example.findings()
    assert {row["kind"] for row in left} <= {"NOT_IN_STATEMENT"}
    assert len(left) == len([each for each in example.made if not each.reversed])
