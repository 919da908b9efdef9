"""What one edition changes in another is seen, whatever it is, and told in both languages."""

from collections.abc import Iterator
from dataclasses import Field, dataclass, fields, is_dataclass, replace
from datetime import date, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any

import pytest

from handbook import (
    Benefit,
    Counted,
    Edition,
    Grade,
    Handbook,
    Per,
    Unit,
    Unlimited,
    read_sources,
    with_edition,
)
from handbook.diff import Change, diff
from tests.editions import six_stars


@pytest.fixture(scope="module")
def edition(handbook: Handbook) -> Edition:
    return handbook.latest


@pytest.fixture(scope="module")
def review(handbook: Handbook, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Change]:
    """What the six-star edition changes, by place."""
    (source,) = read_sources(six_stars(tmp_path_factory.mktemp("editions")))
    return {each.place: each for each in diff(handbook.latest, with_edition(handbook, source).latest)}


def another(value: Any) -> Any:
    """Another value in the place of one that has no fields."""
    match value:
        case bool():
            return not value
        case Enum():
            return next(each for each in type(value) if each is not value)
        case int() | Decimal():
            return value + 1
        case date():
            return value + timedelta(days=1)
        case time():
            return value.replace(minute=(value.minute + 1) % 60)
    return f"{value} 2"


def compared(value: Any) -> list[Field[Any]]:
    """The fields that make a value what it is."""
    return [field for field in fields(value) if field.compare]


def others(value: Any) -> Iterator[tuple[str, Any]]:
    """Values that differ from one in one thing, as deep as there is something, with the names of the fields."""
    if isinstance(value, tuple):
        yield "", value[:-1] if value else ("something",)
        for place, each in enumerate(value):
            pair = [("", (each[0], another(each[1])))] if isinstance(each, tuple) else None
            for name, other in pair or others(each):
                yield f".{place}{name}", (*value[:place], other, *value[place + 1 :])
    elif isinstance(value, Grade) and value.allowance is None:
        yield ".allowance", replace(value, allowance=Unlimited())
    elif is_dataclass(value):
        for field in compared(value):
            for name, other in others(getattr(value, field.name)):
                yield f".{field.name}{name}", replace(value, **{field.name: other})
    else:
        yield "", another(value)


def test_equal_editions_differ_in_nothing(edition):
    assert diff(edition, replace(edition)) == ()


def test_every_field_of_an_edition_is_compared(edition):
    edition = replace(edition, benefits=edition.benefits[:1])
    changes = list(others(edition))
    assert {name.split(".")[1] for name, _ in changes} == {each.name for each in compared(Edition)}
    for name, other in changes:
        found = diff(edition, other)
        assert found, name
        assert all(each.words.zh and each.words.en for each in found)


def test_every_field_of_every_benefit_is_compared(edition):
    seen = set()
    for benefit in edition.benefits:
        before = replace(edition, benefits=(benefit,))
        for name, other in others(benefit):
            after = replace(edition, benefits=(other,))
            found = diff(before, after)
            assert found, (benefit.code, name)
            assert diff(after, before), (benefit.code, name)
            assert all(each.words.zh and each.words.en for each in found)
            seen.add(name.split(".")[1])
    assert seen == {each.name for each in compared(Benefit)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Richer(Benefit):
    """A benefit as it may be tomorrow."""

    robots: int
    rooms: frozenset[str] = frozenset()


def richer(benefit: Benefit, **more: Any) -> Richer:
    return Richer(**{field.name: getattr(benefit, field.name) for field in fields(benefit)}, **more)


def test_a_field_that_nobody_wrote_words_for_is_told_in_general_words(edition):
    first, *rest = edition.benefits
    before = replace(edition, benefits=(richer(first, robots=1), *rest))
    after = replace(edition, benefits=(richer(first, robots=1_200, rooms=frozenset({"red", "blue"})), *rest))
    robots, rooms = diff(before, after)
    assert (robots.place, robots.before, robots.after) == (f"benefits.{first.code}.robots", "1", "1200")
    assert robots.words.zh == f"「{first.name}」robots由 1 调整为 1,200。"
    assert robots.words.en == f"{first.name_en}, robots: 1,200 instead of 1."
    assert (rooms.before, rooms.after) == (None, "blue, red")


@pytest.mark.parametrize(
    ("place", "before", "after", "zh", "en"),
    [
        (
            "tiers.1.from",
            "30000",
            "25000",
            "一星起点由 30,000 调整为 25,000。",
            "Star 1 begins at 25,000 instead of 30,000.",
        ),
        (
            "tiers.5.to",
            None,
            "1000000",
            "五星终点由 无上限 调整为 1,000,000。",
            "Star 5 ends at 1,000,000 instead of no limit.",
        ),
        (
            "tiers.6",
            None,
            "1000000 to no limit",
            "新增六星：1,000,000 起，无上限。",
            "New: Star 6: from 1,000,000 to no limit.",
        ),
        (
            "coefficients.9.coefficient",
            "0.02",
            "0.01",
            "折算规则（长期、万能型、趸交）折算系数由 0.02 调整为 0.01。",
            "Conversion row (long-term, universal, single premium), coefficient: 0.01 instead of 0.02.",
        ),
        (
            "benefits.legal-consultation.grid.3.units",
            "60",
            "30",
            "「线上法律咨询（电话）」三星额度由 每服务年度 60 分钟 调整为 每服务年度 30 分钟。",
            (
                "Online legal consultation, star 3, allowance: 30 minutes per service year instead of 60 minutes per "
                "service year."
            ),
        ),
        (
            "benefits.vip-line.grid.6",
            None,
            "unlimited TIMES",
            "新增「呼入贵宾专线」六星：不限次。",
            "New: VIP line call, star 6: times without limit.",
        ),
        (
            "benefits.outpatient-escort",
            "4: 1 TIMES per SERVICE_YEAR; 5: 1 TIMES per SERVICE_YEAR",
            None,
            "取消「门诊陪诊（院内）」：四星 每服务年度 1 次；五星 每服务年度 1 次。",
            (
                "Dropped: Outpatient accompany (in hospital): star 4: 1 time per service year; "
                "star 5: 1 time per service year."
            ),
        ),
        (
            "settings.immediate_family",
            "spouse, parent, child",
            "spouse, parent, child, grandparent",
            "直系亲属范围由 配偶, 父母, 子女 调整为 配偶, 父母, 子女, 祖父母。",
            "Immediate family: spouse, parent, child, grandparent instead of spouse, parent, child.",
        ),
    ],
)
def test_a_yearly_review_is_told_place_by_place(review, place, before, after, zh, en):
    change = review[place]
    assert (change.before, change.after, change.words.zh, change.words.en) == (before, after, zh, en)


def test_a_new_benefit_is_told_with_its_grid_and_clauses_come_last(review):
    assert review["benefits.home-nursing"].words.en.startswith("New: Home nursing: star 5: 2 times")
    places = list(review)
    first_clause = next(place for place, each in enumerate(places) if "printed" in each)
    assert all("printed" in each or "print_text" in each for each in places[first_clause:])
    assert "settings.backdating_days" in places[:first_clause]


def test_a_row_of_the_conversion_table_is_known_by_its_kind_wherever_it_stands(edition):
    rows = edition.coefficients
    *others_, last = rows
    moved = replace(edition, coefficients=(replace(last, coefficient="0.5"), *others_))
    found = {each.place: each for each in diff(edition, moved)}
    assert found.keys() == {"coefficients.1.coefficient", "coefficients"}
    assert (found["coefficients.1.coefficient"].before, found["coefficients.1.coefficient"].after) == (
        "1",
        "0.5",
    )
    assert found["coefficients"].words.en == "Conversion row: in another order."


def test_a_condition_that_goes_does_not_make_the_others_new(edition):
    number, benefit = next(
        (number, each) for number, each in enumerate(edition.benefits) if len(each.conditions) > 2
    )
    fewer = replace(benefit, conditions=benefit.conditions[1:])
    benefits = (*edition.benefits[:number], fewer, *edition.benefits[number + 1 :])
    (change,) = diff(edition, replace(edition, benefits=benefits))
    assert change.place == f"benefits.{benefit.code}.conditions.1"
    assert change.after is None
    assert benefit.conditions[0].text in (change.before or "")


def test_an_allowance_that_gets_a_limit_is_told_as_a_whole(edition):
    (benefit,) = (each for each in edition.benefits if each.code == "vip-line")
    limited = Counted(unit=Unit.TIMES, units=3, per=Per.SERVICE_YEAR)
    grid: tuple[Grade, ...] = (*benefit.grid[:4], replace(benefit.grid[4], allowance=limited))
    after = tuple(replace(each, grid=grid) if each is benefit else each for each in edition.benefits)
    units, per = diff(edition, replace(edition, benefits=after))
    assert (units.place, units.before, units.after) == ("benefits.vip-line.grid.5.units", "unlimited", "3")
    assert units.words.en == (
        "VIP line call, star 5, allowance: 3 times per service year instead of times without limit."
    )
    assert (per.before, per.after) == (None, "SERVICE_YEAR")
