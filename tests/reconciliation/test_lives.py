"""The months of a vendor in whatever order things happen: nothing is paid twice, nothing lost, nothing settled changes.

Each example is a vendor of its own. It delivers, reverses, states, takes statements back; finance decides, runs the
match, closes. In the end everything that waits is accepted and every month closed: then what was paid must be what the
ledger and the statements say together.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.commands import Redeem, Reverse
from ledger.ids import RedemptionId
from ledger.posting.outcomes import RedemptionOutcome
from ledger.reconciliation.bridging import bridge_of
from ledger.reconciliation.closing import SQL, check_seals, close_period
from ledger.reconciliation.decisions import resolve
from ledger.reconciliation.matching import reconcile_period
from ledger.reconciliation.reading import period_view, settlement
from ledger.reconciliation.statements import Submitted, submit, withdraw
from ledger.reconciliation.values import Action, FindingId, LedgerFindingId, LineFindingId, StatementLine
from ledger.refusals import Refusal
from tests.examples import examples
from tests.reconciliation.month import NOVEMBER, OCTOBER, PHONE, PRICES, Month, noon, october, stream

DECEMBER = date(2026, 12, 1)
MONTHS = (OCTOBER, NOVEMBER, DECEMBER)
PRICE = PRICES[PHONE]


days = st.sampled_from([october(20), october(21), october(31), NOVEMBER])
members = st.sampled_from(["M1", "M1", "M2"])
references = st.sampled_from([None, "A", "B"])
units = st.sampled_from([1, 1, 2])
two_months = st.sampled_from([OCTOBER, OCTOBER, NOVEMBER])
place = st.integers(0, 9)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Something that happens."""

    what: Literal["deliver", "reverse", "state", "withdraw", "decide", "run", "close"]
    month: date = OCTOBER
    day: date = OCTOBER
    member_no: str = "M1"
    reference: str | None = None
    units: int = 1
    place: int = 0
    action: Action = Action.ACCEPT
    lines: tuple[tuple[int, StatementLine, bool], ...] = ()


lines = st.lists(
    st.tuples(
        st.integers(0, 6),
        st.builds(
            StatementLine,
            line_no=st.just(0),
            reference=references,
            member_no=members,
            benefit=st.just(PHONE),
            units=units,
            occurred_on=days,
            amount=st.sampled_from([PRICE, 2 * PRICE, Decimal("11.00")]),
        ),
        st.sampled_from([False, False, False, True]),
    ),
    max_size=3,
).map(tuple)
deliver = st.builds(
    Step, what=st.just("deliver"), day=days, member_no=members, reference=references, units=units
)
state = st.builds(Step, what=st.just("state"), month=two_months, lines=lines)
decide = st.builds(
    Step,
    what=st.just("decide"),
    place=place,
    action=st.sampled_from([Action.ACCEPT, Action.DISPUTE, Action.DISPUTE, Action.REOPEN, Action.MATCH]),
)
others = st.one_of(
    st.builds(Step, what=st.just("reverse"), place=place),
    st.builds(Step, what=st.just("withdraw"), place=place),
    st.builds(Step, what=st.just("run"), month=two_months),
    st.builds(Step, what=st.just("close"), month=two_months, place=place),
)
lives = st.tuples(
    st.lists(deliver, min_size=1, max_size=3),
    st.lists(st.one_of(deliver, state, decide, others), max_size=14),
).map(lambda parts: [*parts[0], *parts[1]])


@dataclass(frozen=True, slots=True, kw_only=True)
class Paid:
    """What a closed month paid for a line and its deliveries, or for a delivery without a line."""

    month: date
    line: tuple[int, int] | None
    redemptions: tuple[RedemptionId, ...]
    amount: Decimal


def _line_of(delivered: Step) -> StatementLine:
    return StatementLine(
        line_no=0,
        reference=delivered.reference,
        member_no=delivered.member_no,
        benefit=PHONE,
        units=delivered.units,
        occurred_on=delivered.day,
        amount=delivered.units * PRICE,
    )


class Life:
    """A vendor, and what happened to it."""

    def __init__(self, month: Month, vendor: str) -> None:
        self.month = month
        self.pool = month.pool
        self.vendor = vendor
        self.delivered: list[tuple[RedemptionId, Step]] = []
        self.reversed: set[RedemptionId] = set()
        self.statements: list[int] = []
        self.count = 0

    @classmethod
    async def begin(cls, month: Month) -> "Life":
        life = cls(month, f"l-{await month.pool.fetchval('select count(*) from vendors')}")
        await month.pool.execute("insert into vendors values ($1, $1, now())", life.vendor)
        await month.pool.execute(
            "insert into contract_terms (vendor, benefit, unit_price, starts_on) values ($1, $2, $3, '2020-01-01')",
            life.vendor,
            PHONE,
            PRICE,
        )
        return life

    def costs(self, redemption: RedemptionId) -> Decimal:
        return next(step.units * PRICE for each, step in self.delivered if each == redemption)

    @property
    def common(self) -> dict[str, Any]:
        return {"by": "li", "handbook": self.month.handbook, "now": self.month.clock.now}

    def key(self) -> str:
        self.count += 1
        return f"{self.vendor}-{self.count}"

    async def happen(self, step: Step) -> None:
        await getattr(self, f"_{step.what}")(step)

    async def _deliver(self, step: Step) -> None:
        outcome = await self.month.journal.post(
            Redeem(
                vendor=self.vendor,
                member_no=step.member_no,
                benefit=PHONE,
                key=self.key(),
                units=step.units,
                occurred_at=noon(step.day),
                reference=step.reference,
            )
        )
        assert isinstance(outcome, RedemptionOutcome), outcome
        self.delivered.append((outcome.id, step))

    async def _reverse(self, step: Step) -> None:
        standing = [each for each, _ in self.delivered if each not in self.reversed]
        if not standing:
            return
        which = standing[step.place % len(standing)]
        back = Reverse(actor=f"vendor:{self.vendor}", redemption=which, key=self.key(), reason="误录")
        assert isinstance(await self.month.journal.post(back), RedemptionOutcome)
        self.reversed.add(which)

    async def _state(self, step: Step) -> None:
        made = [each for _, each in self.delivered]
        told = []
        for number, (which, invented, credit) in enumerate(step.lines, start=1):
            line = _line_of(made[which]) if which < len(made) else invented
            sign = -1 if credit else 1
            told.append(replace(line, line_no=number, units=sign * line.units, amount=sign * line.amount))
        done = await submit(
            self.pool,
            vendor=self.vendor,
            number=self.key(),
            month=step.month,
            lines=stream(told),
            **self.common,
        )
        if isinstance(done, Submitted):
            self.statements.append(done.statement)
        else:
            assert done.code == "PERIOD_CLOSED", done

    async def _withdraw(self, step: Step) -> None:
        if self.statements:
            which = self.statements[step.place % len(self.statements)]
            done = await withdraw(self.pool, statement=which, note="更正", **self.common)
            assert isinstance(done, Submitted) or done.code == "PERIOD_CLOSED", done

    async def _run(self, step: Step) -> None:
        run = await reconcile_period(
            self.pool,
            vendor=self.vendor,
            month=step.month,
            handbook=self.month.handbook,
            now=self.month.clock.now,
        )
        assert isinstance(run, int) or run.code == "PERIOD_CLOSED", run

    async def _decide(self, step: Step) -> None:
        found = await self.findings()
        if not found:
            return
        which = found[step.place % len(found)]
        matched = [self.delivered[step.place % len(self.delivered)][0]] if step.action is Action.MATCH else []
        await resolve(
            self.pool, finding=which, action=step.action, redemptions=matched, note="核对", **self.common
        )

    async def _close(self, step: Step) -> None:
        for finding in await self.findings(step.month):
            action = Action.DISPUTE if step.place % 2 else Action.ACCEPT
            await resolve(self.pool, finding=finding, action=action, note="核对", **self.common)
        await close_period(self.pool, vendor=self.vendor, month=step.month, **self.common)

    async def findings(self, month: date | None = None) -> list[FindingId]:
        """What waits for a decision, or has one, in months that are open; of one month: what waits."""
        rows = await self.pool.fetch(
            "select f.* from findings f join periods p on p.id = f.period"
            " where p.vendor = $1 and p.closed_at is null and ($2::date is null or p.month = $2 and f.action is null)"
            " order by f.period, f.statement, f.line_no, f.customer_id, f.sequence",
            self.vendor,
            month,
        )
        return [
            LineFindingId(row["period"], row["statement"], row["line_no"])
            if row["line_no"] is not None
            else LedgerFindingId(row["period"], row["customer_id"], row["sequence"])
            for row in rows
        ]

    async def end(self) -> None:
        """Accept everything that waits, month by month, and close."""
        for each in MONTHS:
            for _ in range(5):
                run = await reconcile_period(
                    self.pool,
                    vendor=self.vendor,
                    month=each,
                    handbook=self.month.handbook,
                    now=self.month.clock.now,
                )
                if isinstance(run, Refusal):
                    assert run.code == "PERIOD_CLOSED"
                    break
                for finding in await self.findings(each):
                    done = await resolve(
                        self.pool, finding=finding, action=Action.ACCEPT, note="核对", **self.common
                    )
                    assert done is None or "agrees already" in done.message("en"), done
                closed = await close_period(self.pool, vendor=self.vendor, month=each, **self.common)
                if isinstance(closed, int):
                    break
                assert closed.code == "FINDINGS_OPEN", closed
            else:
                raise AssertionError(f"{each} never closes: {closed.message('en')}")

    async def paid(self) -> list[Paid]:
        """What the closed months paid: pairs that simply agree, and findings as decided."""
        rows = await self.pool.fetch(
            """
            select p.month, l.statement, l.line_no, m.customer_id, m.sequences, l.amount
            from periods p join statements s on s.period = p.id join statement_lines l on l.statement = s.id
            join (
                select statement, line_no, customer_id, kind, array_agg(sequence order by line_part) as sequences
                from matches group by statement, line_no, customer_id, kind
            ) m on m.statement = l.statement and m.line_no = l.line_no
            where p.vendor = $1 and p.closed_at is not null and m.kind = 'MATCHED'
                and not exists (select from withdrawals w where w.statement = s.id)
                and not exists (
                    select from findings f
                    where f.period = p.id and f.statement = l.statement and f.line_no = l.line_no
                )
            union all
            select p.month, f.statement, f.line_no, f.customer_id,
                case when f.deliveries is null then array_remove(array[f.sequence], null)
                    else (select array_agg((each ->> 1)::bigint) from jsonb_array_elements(f.deliveries) each) end,
                case when f.action is null and f.kind = 'MATCHED' then f.stated_amount else f.payable end
            from findings f join periods p on p.id = f.period
            where p.vendor = $1 and p.closed_at is not null
            """,
            self.vendor,
        )
        return [
            Paid(
                month=row["month"],
                line=(row["statement"], row["line_no"]) if row["line_no"] is not None else None,
                redemptions=tuple(RedemptionId(row["customer_id"], each) for each in row["sequences"]),
                amount=row["amount"],
            )
            for row in rows
        ]

    async def bridges_lead_to_what_is_payable(self) -> None:
        """The steps of each month add up to what is payable, and what is carried on is what the settlement says."""
        for each in MONTHS:
            steps = {step.step.value: step for step in await bridge_of(self.pool, self.vendor, each)}
            view = await period_view(self.pool, self.vendor, each)
            assert view is not None
            assert sum(step.amount for step in steps.values()) == view.tally.payable
            assert steps["PAYABLE"].running_total == view.tally.payable
            assert steps["STATED"].amount + steps["CREDITS"].amount == view.stated_amount
            settled = await settlement(self.pool, self.vendor, each)
            if settled is not None:
                assert steps["PAYABLE"].running_total == settled.payable
                assert steps["CARRIED_OUT"].amount == -settled.carried_forward

    async def open_lines_are_accounted_for(self) -> None:
        """Each line of an open month, its own or carried on to it, agrees or is found: one of both."""
        rows = await self.pool.fetch(
            """
            select l.statement, l.line_no, m.kind, f.kind as found
            from periods p
            join statements s on s.vendor = p.vendor
            join statement_lines l on l.statement = s.id
            left join matches m on m.statement = l.statement and m.line_no = l.line_no
            left join findings f on f.period = p.id and f.statement = l.statement and f.line_no = l.line_no
            where p.vendor = $1 and p.closed_at is null and p.month <> '2026-12-01' and (
                s.period = p.id and not exists (select from withdrawals w where w.statement = s.id)
                or exists (
                    select from carryovers c
                    where c.period = p.id and c.statement = l.statement and c.line_no = l.line_no
                )
            )
            """,
            self.vendor,
        )
        for row in rows:
            assert row["kind"] == "MATCHED" or row["found"] is not None, dict(row)
        assert set(Counter((row["statement"], row["line_no"]) for row in rows).values()) <= {1}


@settings(max_examples=examples(15))
@given(life=lives)
async def test_in_the_end_everything_is_paid_once_or_not_at_all(month, life: Sequence[Step]) -> None:
    vendor = await Life.begin(month)
    settled: list[Paid] = []
    month.clock.now = noon(date(2026, 11, 3))  # nobody can work on December yet
    for step in life:
        await vendor.happen(step)
        paid = await vendor.paid()
        assert [each for each in settled if each not in paid] == [], "what is settled stays settled"
        settled = paid
        if step.what == "close":  # what it carried on is found by the next run
            await vendor.happen(Step(what="run", month=NOVEMBER))
            await vendor.bridges_lead_to_what_is_payable()
        await vendor.open_lines_are_accounted_for()
        assert await month.pool.fetch(SQL["unknown_pairs"]) == []
    month.clock.now = noon(date(2026, 12, 3))
    await vendor.end()
    await vendor.bridges_lead_to_what_is_payable()
    by_redemption: dict[RedemptionId, Decimal] = defaultdict(Decimal)
    by_line: dict[tuple[int, int], Decimal] = defaultdict(Decimal)
    undelivered: dict[date, Decimal] = defaultdict(Decimal)
    for each in await vendor.paid():
        left = each.amount
        for redemption in each.redemptions[:-1]:
            part = min(vendor.costs(redemption), left) if left >= 0 else max(-vendor.costs(redemption), left)
            by_redemption[redemption] += part
            left -= part
        if each.redemptions:
            by_redemption[each.redemptions[-1]] += left
        else:
            undelivered[each.month] += each.amount
        if each.line is not None:
            by_line[each.line] += each.amount
    assert set(undelivered.values()) <= {0}, "nothing is paid for what was not delivered"
    for redemption, step in vendor.delivered:
        most = 0 if redemption in vendor.reversed else step.units * PRICE
        assert 0 <= by_redemption[redemption] <= most, (redemption, by_redemption[redemption])
    stated = {
        (row["statement"], row["line_no"]): row["amount"]
        for row in await month.pool.fetch(
            "select l.* from statement_lines l join statements s on s.id = l.statement where s.vendor = $1",
            vendor.vendor,
        )
    }
    assert all(0 <= abs(amount) <= abs(stated[line]) for line, amount in by_line.items())
    assert all(amount * stated[line] >= 0 for line, amount in by_line.items())
    total = await month.pool.fetchval("select sum(payable) from settlements where vendor = $1", vendor.vendor)
    assert total == sum(by_redemption.values(), Decimal(0))
    assert await check_seals(month.pool) == []
