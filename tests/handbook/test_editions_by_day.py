"""Several editions: the one in force on a day applies to that day."""

import re
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handbook import SHIPPED_EDITIONS, EditionError, Handbook, Unlimited, load_handbook
from tests.editions import six_stars
from tests.handbook.copies import Copy, EditionCopy

FIRST = load_handbook().latest
NEXT_YEAR = date(2027, 1, 1)


@pytest.fixture
def second(tmp_path) -> EditionCopy:
    """A second edition, as yet the same as the first but from 2027 on."""
    return Copy(tmp_path).add("zhenxuan-2", "2027-01-01")


def both(second: EditionCopy) -> Handbook:
    return load_handbook(SHIPPED_EDITIONS, second.folder)


def refusal_of(*folders) -> EditionError:
    with pytest.raises(EditionError) as caught:
        load_handbook(*folders)
    return caught.value


def test_the_shipped_edition_is_in_force_on_every_day_from_its_first():
    handbook = load_handbook()
    assert handbook.on(date(1989, 12, 31)) is None
    assert handbook.on(date(1990, 1, 1)) is handbook.latest
    assert handbook.on(date(2200, 1, 1)) is handbook.latest
    assert handbook.edition("zhenxuan-1") is handbook.latest
    assert handbook.edition("zhenxuan-9") is None


def test_an_edition_ends_on_the_day_on_which_the_next_one_starts(second):
    handbook = both(second)
    first, later = handbook.editions
    assert (first.code, first.effective_to) == ("zhenxuan-1", NEXT_YEAR)
    assert (later.code, later.effective_to) == ("zhenxuan-2", None)
    assert handbook.on(date(2026, 12, 31)) is first
    assert handbook.on(NEXT_YEAR) is later
    assert handbook.latest is later


@pytest.mark.parametrize(
    ("first", "last", "codes"),
    [
        (date(2026, 12, 1), date(2026, 12, 31), ["zhenxuan-1"]),
        (date(2026, 12, 31), NEXT_YEAR, ["zhenxuan-1", "zhenxuan-2"]),
        (NEXT_YEAR, date(2027, 2, 1), ["zhenxuan-2"]),
        (date(1989, 1, 1), date(1989, 12, 31), []),
    ],
)
def test_the_editions_of_some_days_are_those_in_force_on_any_of_them(second, first, last, codes):
    assert [edition.code for edition in both(second).within(first, last)] == codes


def test_the_highest_star_is_that_of_the_edition_with_the_most(tmp_path):
    six_stars(tmp_path)
    handbook = load_handbook(SHIPPED_EDITIONS, tmp_path)
    assert (load_handbook().highest_star, handbook.highest_star) == (5, 6)


def test_the_order_of_the_folders_does_not_matter(second):
    assert load_handbook(second.folder, SHIPPED_EDITIONS).fingerprint == both(second).fingerprint
    assert load_handbook(SHIPPED_EDITIONS, second.folder.parent).fingerprint == both(second).fingerprint


def test_a_new_edition_may_change_thresholds_allowances_and_rates(second):
    second.change("edition.yaml", "tiers:", "to: 45000", "to: 50000")
    second.change("edition.yaml", "tiers:", "from: 45000", "from: 50000")
    second.change("edition.yaml", "design: universal", '"0.02"', '"0.01"')
    second.change(
        "care-access.yaml", "medical-butler:", "1: {unit: TIMES, units: 3", "1: {unit: TIMES, units: 5"
    )
    handbook = both(second)
    before, after = handbook.on(date(2026, 12, 31)), handbook.on(NEXT_YEAR)
    assert (before.star_for(Decimal(45_000)), after.star_for(Decimal(45_000))) == (2, 1)
    single = ("long", "universal", "annuity", "single", None)
    assert before.coefficient_for(*single).rate(None) == Decimal("0.02")
    assert after.coefficient_for(*single).rate(None) == Decimal("0.01")
    assert before.benefit("medical-butler").allowance(1).units == 3
    assert after.benefit("medical-butler").allowance(1).units == 5


def test_a_new_edition_may_introduce_and_drop_benefits_that_it_names(second):
    second.change("privileges.yaml", "", "  policy-cover:", "  policy-box:")
    second.change(
        "edition.yaml", "", "sections:", "introduces: [policy-box]\ndrops: [policy-cover]\nsections:"
    )
    handbook = both(second)
    assert handbook.on(NEXT_YEAR).benefit("policy-cover") is None
    assert handbook.on(NEXT_YEAR).benefit("policy-box") is not None
    assert handbook.on(date(2026, 12, 31)).benefit("policy-box") is None
    assert len(handbook.benefit_codes) == 20
    assert handbook.benefit_codes[-1] == "policy-box"


def with_a_sixth_star(second: EditionCopy, benefit: str) -> str:
    """What a file says of a benefit, with a sixth star that has it where all members have it; printed so."""
    everybody = "全部臻选荟员" in benefit
    cell, grade = ("不限次", "{unit: TIMES, units: unlimited}") if everybody else ('"-"', "null")

    def widened(row: re.Match[str]) -> str:
        cells = f"{row[2]}, {cell}".replace('"', "").replace(",", "")
        second.prints(f"{row[1]} {cells}")
        return f"- {{name: {row[1]}, cells: [{row[2]}, {cell}]}}"

    benefit = re.sub(r"- \{name: ([^,]+), cells: \[(.+)\]\}", widened, benefit)
    return re.sub(r"(?m)^(      5: .+)$", rf"\1\n      6: {grade}", benefit)


def test_a_new_edition_may_have_another_star(second):
    for file in ("privileges", "health-steward", "prevention", "care-access"):
        path = second.folder / f"{file}.yaml"
        blocks = re.split(r"(?m)^(?=  [a-z-]+:$)", path.read_text("utf-8"))
        path.write_text("".join(with_a_sixth_star(second, block) for block in blocks), "utf-8")
    second.prints("[90-)")
    second.change("edition.yaml", "  5:", "to: null", "to: 900000")
    sixth = "  6: {name: 六星, name_en: Six, from: 900000, to: null, cite: ['[90-)']}\n"
    second.change("edition.yaml", "", "# 定级保费折算标准", f"{sixth}# 定级保费折算标准")
    later = both(second).latest
    assert later.star_for(Decimal(900_000)) == 6
    assert later.benefit("car-t").allowance(6) is None
    assert later.benefit("vip-line").allowance(6) == Unlimited()


@pytest.mark.parametrize(
    ("file", "behind", "old", "new", "path", "reason"),
    [
        (
            "privileges.yaml",
            "",
            "  policy-cover:",
            "  policy-covers:",
            "benefits.policy-covers",
            "unknown benefit, edition zhenxuan-1 has none of this code; did you mean policy-cover?; if it is new,",
        ),
        (
            "edition.yaml",
            "",
            "sections:",
            "introduces: [car-t]\nsections:",
            "introduces.1",
            "car-t is not new in this edition; remove it",
        ),
        (
            "edition.yaml",
            "",
            "sections:",
            "drops: [car-t]\nsections:",
            "drops.1",
            "car-t is not dropped by this edition; remove it",
        ),
    ],
)
def test_a_benefit_code_that_no_edition_knows_is_refused(second, file, behind, old, new, path, reason):
    line = second.change(file, behind, old, new)
    found = refusal_of(SHIPPED_EDITIONS, second.folder)
    assert (found.file, found.place) == (str(second.folder / file), f"{path} (line {line})")
    assert found.reason.startswith(reason)


def test_a_benefit_that_is_left_out_without_a_word_is_refused(second):
    second.change("privileges.yaml", "", "  policy-cover:", "  policy-box:")
    second.change("edition.yaml", "", "sections:", "introduces: [policy-box]\nsections:")
    found = refusal_of(SHIPPED_EDITIONS, second.folder)
    assert found.place.startswith("sections (line ")
    assert "benefit policy-cover of edition zhenxuan-1 is missing" in found.reason


def test_a_benefit_keeps_its_unit_from_edition_to_edition(second):
    text = (
        (second.folder / "privileges.yaml")
        .read_text("utf-8")
        .replace("MINUTES, units: 60", "TIMES, units: 1")
        .replace("read_as_en: 60 minutes", "cells: [3, 4, 5]\n        read_as_en: 60 minutes")
    )
    (second.folder / "privileges.yaml").write_text(text, "utf-8")
    found = refusal_of(SHIPPED_EDITIONS, second.folder)
    assert found.place.startswith("benefits.legal-consultation.grid.3.unit (line ")
    assert found.reason.startswith("TIMES, but it was MINUTES in edition zhenxuan-1")


def test_a_benefit_is_given_for_the_same_thing_from_edition_to_edition(second):
    text = (second.folder / "privileges.yaml").read_text("utf-8")
    begin = text.index("  policy-cover:")
    text = text[:begin] + text[begin:].replace("per: POLICY", "per: MEMBERSHIP")
    (second.folder / "privileges.yaml").write_text(text, "utf-8")
    found = refusal_of(SHIPPED_EDITIONS, second.folder)
    assert found.place.startswith("benefits.policy-cover.grid.4.per (line ")
    assert "per MEMBERSHIP, but it was per POLICY in edition zhenxuan-1" in found.reason


def test_two_editions_of_one_code_are_refused(tmp_path):
    copy = Copy(tmp_path).add("copied", "2027-01-01")
    copy.change("edition.yaml", "", "code: copied", "code: zhenxuan-1")
    found = refusal_of(SHIPPED_EDITIONS, copy.folder)
    assert found.place.startswith("code (line ")
    assert found.reason.startswith("zhenxuan-1 is taken by the edition in ")


def test_two_editions_of_one_first_day_are_refused(tmp_path):
    copy = Copy(tmp_path).add("copied", "1990-01-01")
    found = refusal_of(SHIPPED_EDITIONS, copy.folder)
    assert found.place.startswith("effective_from (line ")
    assert found.reason.startswith("1990-01-01 is taken by the edition in ")


@pytest.mark.parametrize(
    ("written_end", "reason"),
    [
        (
            "2026-12-31",
            "the end leaves a gap before edition zhenxuan-2, which starts on 2027-01-01; write that day",
        ),
        (
            "2027-01-02",
            "the end overlaps edition zhenxuan-2, which starts on 2027-01-01; write that day, or null",
        ),
    ],
)
def test_a_written_end_that_does_not_meet_the_next_start_is_refused(tmp_path, written_end, reason):
    first = Copy(tmp_path).add("zhenxuan-0", "1990-01-01")
    Copy(tmp_path).add("zhenxuan-2", "2027-01-01")
    line = first.change("edition.yaml", "", "source:", f"effective_to: {written_end}\nsource:")
    found = refusal_of(tmp_path)
    assert found.file == str(first.folder / "edition.yaml")
    assert found.place == f"effective_to (line {line})"
    assert found.reason.startswith(reason)


@pytest.mark.parametrize("written_end", ["2027-01-01", "null"])
def test_a_written_end_that_meets_the_next_start_is_taken(tmp_path, written_end):
    first = Copy(tmp_path).add("zhenxuan-0", "1990-01-01")
    Copy(tmp_path).add("zhenxuan-2", "2027-01-01")
    first.change("edition.yaml", "", "source:", f"effective_to: {written_end}\nsource:")
    assert load_handbook(tmp_path).editions[0].effective_to == NEXT_YEAR


def test_after_the_written_end_of_the_last_edition_none_is_in_force(second):
    second.change("edition.yaml", "", "source:", "effective_to: 2030-01-01\nsource:")
    handbook = both(second)
    assert handbook.on(date(2029, 12, 31)) is handbook.latest
    assert handbook.on(date(2030, 1, 1)) is None


def test_the_fingerprint_follows_what_is_said_not_how_it_is_written(second):
    shipped = load_handbook()
    assert load_handbook().fingerprint == shipped.fingerprint
    second.change("edition.yaml", "", "code: zhenxuan-2", "code: zhenxuan-1  # the same")
    second.change("edition.yaml", "", "2027-01-01", "1990-01-01")
    assert load_handbook(second.folder).fingerprint == shipped.fingerprint
    second.change("edition.yaml", "settings:", "value: 31", "value: 30")
    assert load_handbook(second.folder).fingerprint != shipped.fingerprint


def test_a_handbook_refuses_editions_that_do_not_succeed_each_other():
    with pytest.raises(ValueError, match="at least one edition"):
        Handbook([])
    with pytest.raises(ValueError, match="ends on None, but the next one"):
        Handbook([FIRST, replace(FIRST, code="b", effective_from=NEXT_YEAR)])
    ended = replace(FIRST, effective_to=NEXT_YEAR)
    with pytest.raises(ValueError, match="share a code"):
        Handbook([ended, replace(FIRST, effective_from=NEXT_YEAR)])


@given(
    st.lists(st.dates(date(1995, 1, 1), date(2100, 1, 1)), unique=True, max_size=6),
    st.dates(date(1980, 1, 1)),
)
def test_on_every_day_exactly_the_edition_that_holds_it_is_in_force(starts, day):
    starts = [FIRST.effective_from, *sorted(starts)]
    ends = [*starts[1:], None]
    handbook = Handbook(
        replace(FIRST, code=f"edition-{number}", effective_from=start, effective_to=end)
        for number, (start, end) in enumerate(zip(starts, ends, strict=True))
    )
    for probe in (day, *starts, *(start - timedelta(days=1) for start in starts)):
        holding = [
            edition
            for edition in handbook.editions
            if edition.effective_from <= probe
            and (edition.effective_to is None or probe < edition.effective_to)
        ]
        assert handbook.on(probe) is (holding[0] if holding else None)
        assert len(holding) <= 1
