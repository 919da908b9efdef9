"""Editions with random numbers: each is refused with file and place, or loads, rates and serves without a fault.

What is varied is found in the files, not listed here: any number, coefficient, validity or day that an edition has, now
or later; and the number of stars, throughout or in one place only.
"""

import decimal
import re
import shutil
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from handbook import SHIPPED_EDITIONS, EditionError, Handbook, Relation, load_handbook
from ledger.posting.outcomes import RedemptionOutcome
from ledger.quotas.card import quotas_on
from ledger.refusals import Refusal
from rating.contributions import contributions_on
from rating.folding import fold
from rating.intake import Stored, take_in
from rating.timeline import StarSpan, timeline
from tests.editions import Draft, Scalar
from tests.examples import examples
from tests.ledger.books import Desk, a_hold, a_redeem, customer
from tests.rating.strategies import streams

EXAMPLES = examples(40)
NOW = datetime(2027, 3, 1, 4, 0, tzinfo=UTC)
DAYS = [date(2020, 2, 29), date(2026, 12, 31), date(2027, 1, 1), date(2027, 3, 1), date(2031, 1, 1)]
KINDS: dict[str, tuple[str, list[Any]]] = {
    "whole": (
        r"[0-9]+",
        [0, 1, 2, 3, 7, 29, 31, 99, 100, 101, 120, 1000, 3660, 3661, 10**5, 10**6, 10**9, -1],
    ),
    "amount": (r"[0-9]+\.[0-9]+", ["0", "0.5", "1", "2.25", "100", "101", "0.1234567", "9" * 12, "-1", "x"]),
    "share": (r"Y/[0-9]+", ["Y/1", "Y/8", "Y/20", "Y/512", "Y/3", "Y/0", "1", "Y"]),
    "validity": (r"P[0-9]+Y|PAYMENT_TERM", ["P1Y", "P5Y", "P99Y", "P100Y", "P0Y", "P2M", "PAYMENT_TERM"]),
    "day": (
        r"[0-9]{4}-[0-9]{2}-[0-9]{2}",
        ["2027-02-28", "2028-02-29", "2027-02-30", "1990-01-01", "1900-01-01", "2199-12-31", "soon"],
    ),
}


@dataclass(frozen=True)
class Place:
    """Where a number stands in a file: in a mapping or list, under a key."""

    inside: Any
    key: Any
    kind: str


def numbers(inside: Any) -> Iterator[Place]:
    """Every number of a file, in its order."""
    pairs = inside.items() if isinstance(inside, dict) else enumerate(inside)
    for key, value in list(pairs):
        if isinstance(value, (dict, list)):
            yield from numbers(value)
        elif isinstance(value, Scalar):
            kind = next((kind for kind, (form, _) in KINDS.items() if re.fullmatch(form, value)), None)
            if kind is not None and key != "code":
                yield Place(inside, key, kind)


def vary_a_number(draft: Draft, data: st.DataObject) -> None:
    """Write another number in place of one, anywhere; most of the time some other number contradicts it."""
    places = [found for file in draft.files.values() if (found := list(numbers(file)))]
    place = data.draw(st.sampled_from(places).flatmap(st.sampled_from))
    before = place.inside[place.key]
    near = [int(before) + step for step in (-1, 1)] if place.kind == "whole" else []
    place.inside[place.key] = data.draw(st.sampled_from([*KINDS[place.kind][1], *near]))


def vary_a_setting(draft: Draft, data: st.DataObject) -> None:
    """Decide a setting otherwise, mostly within its bounds."""
    settings_ = draft.top["settings"]
    name = data.draw(st.sampled_from(list(settings_)))
    whole = st.sampled_from([0, 1, 2, 10, 60, 100, 120, 365, 3660, 3661, 87_840, 100_000, 100_001])
    family = st.lists(st.sampled_from(list(Relation)).map(str), max_size=4, unique=True)
    settings_[name]["value"] = data.draw(family if name == "immediate_family" else whole)


def vary_a_threshold(draft: Draft, data: st.DataObject) -> None:
    """Let a star begin elsewhere, and the one below end there."""
    tiers = draft.top["tiers"]
    star = data.draw(st.integers(2, len(tiers)))
    amount = data.draw(st.integers(1, 2_000_000) | st.sampled_from([0, 10**12, 10**13]))
    tiers[str(star)]["from"] = tiers[str(star - 1)]["to"] = amount


def with_stars(draft: Draft, most: int, forgotten: int | None = None) -> None:
    """Add or take away stars at the top, in the tiers and in all grids but the forgotten one."""
    tiers, shipped = draft.top["tiers"], len(draft.top["tiers"])
    for star in range(shipped + 1, most + 1):
        tiers[str(star - 1)]["to"] = star * 1_000_000
        tiers[str(star)] = deepcopy(tiers[str(star - 1)]) | {"from": star * 1_000_000, "to": None}
    for star in range(most + 1, shipped + 1):
        del tiers[str(star)]
    tiers[str(most)]["to"] = None
    for number, benefit in enumerate(draft.benefits()):
        if number == forgotten:
            continue
        # Fewer stars than shipped keep the highest: they have every benefit.
        kept = [max(1, shipped - most + star) if most < shipped else star for star in range(1, most + 1)]
        grid = benefit["grid"]
        benefit["grid"] = {
            str(star): deepcopy(grid[str(min(like, shipped))]) for star, like in enumerate(kept, start=1)
        }
        for row in benefit["printed"]["rows"]:
            row["cells"] = [row["cells"][min(like, shipped) - 1] for like in kept]
    draft.print_who_is_served()


def vary_the_stars(draft: Draft, data: st.DataObject) -> None:
    """Have more or fewer stars, everywhere; or forget one grid."""
    most = data.draw(st.sampled_from([2, 3, 4, 6, 7, 20, 101]))
    with_stars(draft, most, data.draw(st.sampled_from([None, None, None, *range(len(draft.benefits()))])))


def vary_an_allowance(draft: Draft, data: st.DataObject) -> None:
    """Give all stars that have a counted benefit other units, as print says."""
    code, unit, word = data.draw(
        st.sampled_from([("medical-butler", "TIMES", "次"), ("legal-consultation", "MINUTES", "分钟")])
    )
    units = data.draw(st.sampled_from([1, 2, 30, 1000, 10**6, 10**6 + 1, 0]))
    benefit = draft.benefit(code)
    row = benefit["printed"]["rows"][0]
    for star, grade in benefit["grid"].items():
        if isinstance(grade, dict):
            grade["units"] = units
            assert grade["unit"] == unit
            row["cells"][int(star) - 1] = f"{units} {word} / 年"


CHANGES = [vary_a_number, vary_a_setting, vary_a_setting, vary_a_threshold, vary_the_stars, vary_an_allowance]


@given(
    data=st.data(),
    changes=st.lists(st.sampled_from(CHANGES), min_size=1, max_size=2, unique=True),
    stream=streams(),
)
@settings(max_examples=EXAMPLES)
def test_a_random_edition_is_refused_with_its_place_or_rates_and_serves(tmp_path, data, changes, stream):
    draft = Draft("zhenxuan-2", "2027-01-01")
    for change in sorted(changes, key=lambda each: each is vary_the_stars):
        change(draft, data)
    shutil.rmtree(tmp_path / draft.code, ignore_errors=True)
    folder = draft.write(tmp_path)
    handbook = loaded(tmp_path)
    if isinstance(handbook, EditionError):
        event("refused")
        assert Path(handbook.file).parent in (folder, SHIPPED_EDITIONS / "zhenxuan-1"), handbook
        assert re.search(r"line [0-9]+", handbook.place), handbook
        assert len(str(handbook).splitlines()) == 1
        return
    event("loaded")
    # Nothing that is rated may be rounded: amounts are exact, or they would be compared wrongly.
    with decimal.localcontext() as context:
        context.traps[decimal.Inexact] = True
        spans = rated(stream, handbook)
    serve(spans, handbook)


def loaded(folder: Path) -> Handbook | EditionError:
    """The handbook with the editions of a folder, or why it is refused."""
    try:
        return load_handbook(SHIPPED_EDITIONS, folder)
    except EditionError as refused:
        return refused


def rated(stream: list[Any], handbook: Handbook) -> tuple[StarSpan, ...]:
    """The timeline of a random history, which never leaves the stars of its editions."""
    stored = Stored()
    for each in stream:
        taken = take_in(stored, [each], now=NOW, handbook=handbook)
        stored = Stored(arrivals=stored.arrivals + len(taken.events), events=(*stored.events, *taken.events))
    history = fold(stored.events)
    spans = timeline(history, handbook)
    for span in spans:
        edition = handbook.on(span.start)
        assert edition is not None
        assert 0 <= span.star <= len(edition.tiers) <= handbook.highest_star
        added = sum(each.amount for each in contributions_on(history, span.start, handbook))
        assert (span.star, span.rated_premium) == (edition.star_for(added), added)
    return spans


def serve(spans: tuple[StarSpan, ...], handbook: Handbook) -> None:
    """Quotas of any day, and an attempt at every benefit: each is taken, or refused in words."""
    desk = Desk(handbook, customer(spans=spans), now=NOW)
    desk.catch_up()
    for day in DAYS:
        for quota in quotas_on(desk.state.account, day, handbook, NOW):
            assert quota.remaining is None or quota.remaining >= 0
            assert quota.refusal is None or quota.refusal.message()
    for code in handbook.latest.benefits:
        for make in (a_redeem, a_hold):
            outcome = desk.ask(make(code.code, beneficiary="R2" if code.family_shared else None))
            assert isinstance(outcome, RedemptionOutcome | Refusal)
            if isinstance(outcome, Refusal):
                assert outcome.message("zh")
                assert outcome.message("en")


@pytest.mark.parametrize("most", [1, 2, 6, 9, 100])
def test_an_edition_of_any_number_of_stars_loads_and_rates(tmp_path, most):
    draft = Draft("zhenxuan-2", "2027-01-01")
    with_stars(draft, most)
    draft.write(tmp_path)
    edition = load_handbook(SHIPPED_EDITIONS, tmp_path).latest
    assert [tier.star for tier in edition.tiers] == list(range(1, most + 1))
    assert [edition.star_for(tier.from_) for tier in edition.tiers] == list(range(1, most + 1))
    assert edition.next_tier(most) is None
