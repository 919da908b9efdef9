"""For random deliveries and statements, every line and every delivery is accounted for once, in any order.

Each example is a vendor of its own with deliveries to the same few members, posted to the real ledger, and a statement
in which some lines repeat, miss or alter what was delivered.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from itertools import chain
from operator import attrgetter
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
units = st.sampled_from([1, 1, 2, 2, 3, 4])

delivered = st.builds(
    Delivery,
    place=st.just(0),
    reference=references,
    member_no=members,
    benefit=benefits,
    units=units,
    day=COMMON_DAYS,
    amount=st.just(Decimal(0)),
    reversed=st.sampled_from([False, False, False, True]),
)


def together(made: Sequence[Delivery], by: str) -> list[Delivery]:
    """Deliveries to one member of one benefit, on one day or with one reference."""
    first = replace(made[0], reference=made[0].reference or "A") if by == "reference" else made[0]
    shared = {name: getattr(first, name) for name in ("member_no", "benefit", by)}
    return [replace(each, **shared) for each in made]


alone_or_together = st.one_of(
    st.lists(delivered, min_size=1, max_size=1),
    st.builds(together, st.lists(delivered, min_size=2, max_size=3), st.sampled_from(["day", "reference"])),
)
deliveries_made = st.lists(alone_or_together, max_size=5).map(
    lambda some: list(chain.from_iterable(some))[:7]
)
invented = st.builds(
    StatementLine,
    line_no=st.just(0),
    reference=references,
    member_no=st.sampled_from(["M1", "M2", "nobody"]),
    benefit=benefits,
    units=units,
    occurred_on=COMMON_DAYS,
    amount=st.sampled_from([Decimal("12.00"), Decimal("24.00"), Decimal("36.00")]),
)


def stated_of(one: Delivery, units_stated: int | None = None) -> StatementLine:
    """What a vendor rightly states of a delivery, or of some of its units."""
    stated = one.units if units_stated is None else units_stated
    return StatementLine(
        line_no=0,
        reference=one.reference,
        member_no=one.member_no,
        benefit=one.benefit,
        units=stated,
        occurred_on=one.day,
        amount=stated * PRICES[one.benefit],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """What a vendor makes of a delivery in a line: nothing, or something wrong."""

    of: int
    fields: dict[str, Any] = field(default_factory=dict)

    def lines(self, made: Sequence[Delivery], _before: Sequence[StatementLine]) -> list[StatementLine]:
        if not made:
            return []
        return [replace(self.plain(made[self.of % len(made)], made), **self.fields)]

    def plain(self, one: Delivery, _made: Sequence[Delivery]) -> StatementLine:
        return stated_of(one)


@dataclass(frozen=True, slots=True, kw_only=True)
class InOneLine(Stated):
    """One line for up to `most` deliveries of a member and benefit, with one reference or, without one, of one day."""

    most: int

    def plain(self, one: Delivery, made: Sequence[Delivery]) -> StatementLine:
        by = "day" if one.reference is None else "reference"
        shared = attrgetter("member_no", "benefit", by, "reversed")
        others = [each for each in made if each is not one and shared(each) == shared(one)]
        return stated_of(one, sum(each.units for each in [one, *others][: self.most]))


@dataclass(frozen=True, slots=True, kw_only=True)
class InParts(Stated):
    """Several lines for one delivery: all but the last for one unit; the first may be wrong."""

    most: int

    def lines(self, made: Sequence[Delivery], _before: Sequence[StatementLine]) -> list[StatementLine]:
        if not made:
            return []
        one = made[self.of % len(made)]
        parts = min(self.most, one.units)
        units_stated = [*[1] * (parts - 1), one.units - parts + 1]
        first, *others = [stated_of(one, each) for each in units_stated]
        return [replace(first, **self.fields), *others]


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenBack(Stated):
    """A credit line: the opposite of a line before it, sometimes of another day or with another reference."""

    def lines(self, _made: Sequence[Delivery], before: Sequence[StatementLine]) -> list[StatementLine]:
        charged = [each for each in before if each.units > 0]
        if not charged:
            return []
        one = charged[self.of % len(charged)]
        return [replace(one, **{"units": -one.units, "amount": -one.amount, **self.fields})]


def some_of(**alterations: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.one_of(st.just({}), st.fixed_dictionaries({}, optional=alterations))


which = st.integers(0, 6)
few = st.integers(2, 3)
amounts = st.sampled_from([Decimal("11.00"), Decimal("13.00"), Decimal("12.00")])
wrong = some_of(reference=references, units=units, occurred_on=COMMON_DAYS, amount=amounts)
elsewhere = some_of(reference=references, occurred_on=COMMON_DAYS)
credited = some_of(units=st.just(-1), amount=amounts.map(lambda amount: -amount))
right = st.builds(Stated, of=which)
grouped = st.builds(InOneLine, of=which, most=few) | st.builds(InParts, of=which, most=few)
anything = st.one_of(
    right,
    st.builds(Stated, of=which, fields=wrong),
    st.builds(InOneLine, of=which, most=few, fields=elsewhere | wrong),
    st.builds(InParts, of=which, most=few, fields=elsewhere | wrong),
    st.builds(TakenBack, of=which, fields=elsewhere | credited),
    invented,
)
stated_lines = st.lists(anything, max_size=8) | st.builds(
    list.__add__, st.lists(grouped, min_size=1, max_size=2), st.lists(anything, max_size=3)
)


def numbered(stated: Sequence[Stated | StatementLine], made: Sequence[Delivery]) -> list[StatementLine]:
    """The lines of a statement, from 1."""
    found: list[StatementLine] = []
    for each in stated:
        found += each.lines(made, found) if isinstance(each, Stated) else [each]
    return [replace(each, line_no=number) for number, each in enumerate(found, start=1)]


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
                line_no: (
                    tuple(
                        sorted(
                            self._places[row["customer_id"], row["sequence"]]
                            for row in matches
                            if row["line_no"] == line_no
                        )
                    ),
                    pass_,
                    kind,
                )
                for line_no, pass_, kind in {(row["line_no"], row["pass"], row["kind"]) for row in matches}
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
    in_groups = [row for row in matches if row["pass"] == "GROUP"]
    alone = [row for row in matches if row["pass"] != "GROUP"]
    lines_alone = Counter((row["statement"], row["line_no"]) for row in alone)
    deliveries_alone = Counter((row["customer_id"], row["sequence"]) for row in alone)
    assert set(lines_alone.values()) | set(deliveries_alone.values()) <= {1}
    of_lines = Counter((row["statement"], row["line_no"]) for row in in_groups)
    of_deliveries = Counter((row["customer_id"], row["sequence"]) for row in in_groups)
    for row in in_groups:
        line, delivery = (row["statement"], row["line_no"]), (row["customer_id"], row["sequence"])
        assert (of_lines[line] == 1) != (of_deliveries[delivery] == 1)
        assert line not in lines_alone
        assert delivery not in deliveries_alone
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
    cancelled = [row for row in findings if row["kind"] == "MATCHED"]
    assert sum(row["stated_amount"] for row in cancelled) == 0
    view = await period_view(example.month.pool, example.vendor, OCTOBER)
    assert view is not None
    assert (view.lines, view.stated_units) == (len(lines), sum(line.units for line in lines))
    assert view.stated_amount == sum((line.amount for line in lines), Decimal(0))
    assert view.tally.matched_units == sum(row["units"] for row in matched)
    assert view.tally.matched_amount == sum((row["amount"] for row in matched), Decimal(0))
    assert view.tally.open == len(await example.findings()) - len(cancelled)
    counts = dict(view.tally.counts)
    assert counts.get(FindingKind.MATCHED, 0) == len(matched) + len(cancelled)
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
