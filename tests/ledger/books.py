"""What the tests of the ledger share: customers made by hand, and commands where only what matters is said."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from handbook import BUSINESS_ZONE, Handbook, Relation
from ledger.commands import Arrange, Confirm, Evidence, Hold, NoShow, Redeem, Release, Respond, Reverse
from ledger.entitlement.account import Account, PoolKey, Taken
from ledger.entitlement.terms import Term
from ledger.ids import RedemptionId
from ledger.posting.catching_up import catch_up
from ledger.posting.decide import Decision, decide
from ledger.posting.entries import Balance, RedemptionStatus
from ledger.posting.outcomes import RedemptionOutcome
from ledger.posting.state import Head, Posting, State
from ledger.refusals import Refusal
from rating.history import Policy, Relative
from rating.timeline import StarSpan

TODAY = date(2026, 5, 20)
NOW = datetime(2026, 5, 20, 10, 0, tzinfo=BUSINESS_ZONE)
JOINED = date(2024, 1, 26)
PREMIUMS = {0: 0, 1: 30_000, 2: 45_000, 3: 150_000, 4: 300_000, 5: 500_000}

_keys = count(1)


def spans(*stars: tuple[date, int], handbook: Handbook | None = None) -> tuple[StarSpan, ...]:
    """A timeline that has each star from its day on; with `handbook`, cut where an edition begins, as ratings are."""
    turns = [edition.effective_from for edition in handbook.editions] if handbook is not None else []
    first = stars[0][0]
    days = sorted({day for day, _ in stars} | {turn for turn in turns if turn > first})
    found = []
    for day, end in zip(days, [*days[1:], None], strict=True):
        star = [star for since, star in stars if since <= day][-1]
        edition = handbook.on(day) if handbook is not None else None
        found.append(
            StarSpan(
                start=day,
                end=end,
                star=star,
                rated_premium=Decimal(PREMIUMS[star]),
                edition=edition.code if edition is not None else "zhenxuan-1",
            )
        )
    return tuple(found)


def customer(*stars: tuple[date, int], customer_id: int = 1, **more: Any) -> State:
    """A customer with nothing posted yet; by default four stars since 2024."""
    account = Account(
        customer_id=customer_id,
        member_no=f"M{customer_id}",
        spans=spans(*(stars or ((JOINED, 4),))),
        policies=(
            Policy(policy_no="P1", line="individual", statuses=((date(2024, 1, 10), "IN_FORCE"),)),
            Policy(
                policy_no="P2",
                line="individual",
                statuses=((date(2024, 1, 10), "IN_FORCE"), (date(2025, 1, 10), "LAPSED")),
            ),
            Policy(policy_no="G1", line="group", statuses=((date(2024, 1, 10), "IN_FORCE"),)),
        ),
        relatives={
            each: Relative(relative_id=each, name=name, relation=Relation(relation), registered_on=since)
            for each, name, relation, since in (
                ("R1", "配偶", "spouse", JOINED),
                ("R2", "兄弟", "sibling", JOINED),
                ("R3", "新生儿", "child", TODAY + timedelta(days=3)),
            )
        },
    )
    return State(account=replace(account, **more), head=Head())


def terms_for(*benefits: str) -> list[Term]:
    """A contract for benefits, without end."""
    return [
        Term(benefit=each, unit_price=Decimal(1), starts_on=date(2020, 1, 1), ends_on=None)
        for each in benefits
    ]


def a_redeem(benefit: str = "physical-exam", **more: Any) -> Redeem:
    """A redemption with a key of its own."""
    return Redeem(**{"vendor": "v", "member_no": "M1", "benefit": benefit, "key": _key(), **more})


def a_hold(benefit: str = "physical-exam", **more: Any) -> Hold:
    """A hold with a key of its own."""
    return Hold(**{"vendor": "v", "member_no": "M1", "benefit": benefit, "key": _key(), **more})


def a_confirm(redemption: RedemptionId, **more: Any) -> Confirm:
    """A confirmation with a key of its own."""
    return Confirm(**{"actor": "vendor:v", "redemption": redemption, "key": _key(), **more})


def a_release(redemption: RedemptionId, **more: Any) -> Release:
    """A release with a key of its own."""
    return Release(**{"actor": "vendor:v", "redemption": redemption, "key": _key(), **more})


def a_no_show(redemption: RedemptionId, **more: Any) -> NoShow:
    """A no-show with a key of its own."""
    return NoShow(**{"actor": "vendor:v", "redemption": redemption, "key": _key(), **more})


def a_reversal(redemption: RedemptionId, **more: Any) -> Reverse:
    """A reversal with a key of its own."""
    return Reverse(**{"actor": "vendor:v", "redemption": redemption, "key": _key(), "reason": "误录", **more})


def a_respond(redemption: RedemptionId, **more: Any) -> Respond:
    """A response with a key of its own."""
    return Respond(**{"actor": "vendor:v", "redemption": redemption, "key": _key(), **more})


def an_arrange(redemption: RedemptionId, **more: Any) -> Arrange:
    """An arrangement for tomorrow, with a key of its own."""
    tomorrow = NOW + timedelta(days=1)
    return Arrange(
        **{
            "actor": "vendor:v",
            "redemption": redemption,
            "key": _key(),
            "appointment_at": tomorrow,
            **more,
        }
    )


def slip() -> tuple[Evidence, ...]:
    """An admission slip."""
    return (Evidence(kind="admission-slip", reference="S-1"),)


def first_opinion(diagnosed_on: date = TODAY) -> tuple[Evidence, ...]:
    """A first medical opinion on an illness, by default of today."""
    return (Evidence(kind="first-opinion", reference="O-1", diagnosed_on=diagnosed_on),)


def diagnosed_slip(diagnosed_on: date = TODAY) -> tuple[Evidence, ...]:
    """An admission slip that tells the day of the diagnosis, by default today."""
    return (Evidence(kind="admission-slip", reference="S-1", diagnosed_on=diagnosed_on),)


def approval() -> tuple[Evidence, ...]:
    """The insurer's approval."""
    return (Evidence(kind="approval", reference="A-1"),)


def a_car_t(**more: Any) -> Redeem:
    """A CAR-T treatment that the insurer approved, with a key of its own."""
    return a_redeem("car-t", evidence=approval(), **more)


def after_settling(state: State, handbook: Handbook, now: datetime = NOW) -> State:
    """The customer with everything posted that is due."""
    posting = Posting(state, now)
    catch_up(posting, handbook=handbook)
    return posting.after()


class Desk:
    """One customer's counter: takes commands one after the other and keeps all entries."""

    def __init__(self, handbook: Handbook, state: State | None = None, now: datetime = NOW) -> None:
        self.handbook = handbook
        self.state = state or customer()
        self.now = now
        self.entries: list[Any] = []
        self.milestones: list[Any] = []

    def ask(self, command: Any) -> Any:
        """The outcome of a command, decided now, by a vendor contracted for everything."""
        return self.decide(command).outcome

    def decide(self, command: Any, terms: list[Term] | None = None) -> Decision:
        """The decision on a command, taken."""
        if terms is None:
            terms = terms_for(*self.handbook.benefit_codes)
        decision = decide(self.state, command, now=self.now, handbook=self.handbook, terms=terms)
        self.state = decision.state
        self.entries += decision.entries
        self.milestones += [decision.milestone] if decision.milestone is not None else []
        return decision

    def catch_up(self) -> None:
        """Post what is due."""
        posting = Posting(self.state, self.now)
        catch_up(posting, handbook=self.handbook)
        self.entries += posting.entries
        self.state = posting.after()

    def pass_days(self, days: int) -> None:
        """Let days go by."""
        self.now += timedelta(days=days)

    def re_rate(self, *stars: tuple[date, int]) -> None:
        """Give the customer another timeline."""
        self.know(spans=spans(*stars, handbook=self.handbook))

    def know(self, **more: Any) -> None:
        """Let other facts be known of the customer: spans, policies, relatives."""
        self.state = replace(self.state, account=replace(self.state.account, **more))

    def balance(self, benefit: str, period: int, policy_no: str = "") -> Balance:
        """What the books say of a pool."""
        return self.state.balances.get(PoolKey(benefit, period, policy_no), Balance())

    def kinds(self, benefit: str) -> list[tuple[str, int | None]]:
        """The entries of a benefit, kind and units."""
        return [(each.kind.value, each.units) for each in self.entries if each.pool.benefit == benefit]


def taken(outcome: object) -> RedemptionOutcome:
    """The outcome of a command, which must not be refused."""
    assert isinstance(outcome, RedemptionOutcome), outcome
    return outcome


def refused(outcome: object) -> Refusal:
    """The refusal of a command, which must not be taken."""
    assert isinstance(outcome, Refusal), outcome
    return outcome


def as_read(desk: Desk) -> Account:
    """The customer as reads see them: what is taken, without the holds that have run out."""
    taken = {
        pool: Taken(used=balance.used, held=balance.held) for pool, balance in desk.state.balances.items()
    }
    for redemption in desk.state.redemptions.values():
        run_out = redemption.status_at(desk.now) is RedemptionStatus.EXPIRED
        if run_out and redemption.status is RedemptionStatus.HELD:
            before = taken[redemption.pool]
            taken[redemption.pool] = Taken(used=before.used, held=before.held - redemption.units)
    return replace(desk.state.account, taken=taken)


def _key() -> str:
    return f"key-{next(_keys)}"
