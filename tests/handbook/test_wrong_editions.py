"""A wrong edition is refused with the file, the place in it and the reason."""

import pytest

from handbook import EditionError, load_handbook
from tests.handbook.copies import Copy, EditionCopy

EDITION = "edition.yaml"
STEWARD = "health-steward.yaml"
CARE = "care-access.yaml"
PRIVILEGES = "privileges.yaml"

ONCE_A_YEAR = "{unit: TIMES, units: 1, per: SERVICE_YEAR}"


@pytest.fixture
def edition(tmp_path) -> EditionCopy:
    return Copy(tmp_path).add("copied", "1990-01-01")


def refusal_of(edition: EditionCopy) -> EditionError:
    with pytest.raises(EditionError) as caught:
        load_handbook(edition.folder)
    return caught.value


WRONG_IN_THE_EDITION = [
    # file, behind, old → new, path, reason
    (EDITION, "tiers:", "45000", "45000.0", "tiers.1.to", 'write it in quotes, as in "45000.0"'),
    (EDITION, "tiers:", "45000", "4.5e4", "tiers.1.to", "“4.5e4” is no decimal amount"),
    (EDITION, "tiers:", "45000", "-45000", "tiers.1.to", "“-45000” is no decimal amount"),
    (EDITION, "tiers:", "45000", "45_000", "tiers.1.to", "“45_000” is no decimal amount"),
    (EDITION, "tiers:", "45000", "0x10", "tiers.1.to", "“0x10” is no decimal amount"),
    (EDITION, "tiers:", "45000", "7:30", "tiers.1.to", "“7:30” is no decimal amount"),
    (EDITION, "tiers:", "45000", ".inf", "tiers.1.to", "binary fraction"),
    (EDITION, "tiers:", "45000", "NaN", "tiers.1.to", "“NaN” is no decimal amount"),
    (EDITION, "tiers:", "45000", '"４５０００"', "tiers.1.to", "is no decimal amount"),
    (EDITION, "tiers:", "45000", '"45,000"', "tiers.1.to", "“45,000” is no decimal amount"),
    (EDITION, "tiers:", "45000", '"45000.005"', "tiers.1.to", "more than 2 places"),
    (EDITION, "tiers:", "45000", "yes", "tiers.1.to", "expected an exact decimal amount, found “yes”"),
    (EDITION, "tiers:", "from: 30000", "from: null", "tiers.1.from", "found nothing"),
    (EDITION, "tiers:", "45000", "[45000]", "tiers.1.to", "expected an exact decimal amount"),
    (EDITION, "tiers:", "from: 30000", "from: 0", "tiers.1.from", "must begin above 0"),
    (EDITION, "tiers:", "to: 45000", "to: 30000", "tiers.1.to", "not above its beginning 30000"),
    (EDITION, "tiers:", "to: 45000", "to: 46000", "tiers.2.from", "overlaps star 1, which ends at 46000"),
    (EDITION, "tiers:", "to: 45000", "to: 44000", "tiers.2.from", "leaves a gap above star 1"),
    (EDITION, "tiers:", "to: 45000", "to: null", "tiers.1.to",
     "only the last tier is without limit; write 45000"),
    (EDITION, "tiers:", "to: null", "to: 900000", "tiers.5.to", "the last tier must be without limit"),
    (EDITION, "tiers:", "  2:\n", "  22:\n", "tiers.22", "expected star 2 here"),
    (EDITION, "tiers:", "  1:\n", "  one:\n", "tiers.one", "expected star 1 here"),
    (EDITION, "", "effective_from: 1990-01-01", "effective_from: 1990-02-30", "effective_from", "is no day"),
    (EDITION, "", "effective_from: 1990-01-01", "effective_from: 1990-1-1", "effective_from", "is no day"),
    (EDITION, "", "effective_from: 1990-01-01", "effective_from: 19900101", "effective_from", "expected a day"),
    (EDITION, "", "source:", "effective_to: 1990-01-01\nsource:", "effective_to",
     "not after its start 1990-01-01"),
    (EDITION, "", "code: copied", "code: Copied_1", "code", "“Copied_1” is no code"),
    (EDITION, "", "code: copied", "code: 12", "code", "put it in quotes"),
    (EDITION, "", "name: 小康之家·臻选荟员增值服务权益手册", 'name: "小康\\0"', "name",
     "control character U+0000"),
    (EDITION, "min_term", 'coefficient: "1"', "coefficient: 0.1", "coefficients.1.coefficient", 'as in "0.1"'),
    (EDITION, "min_term", 'coefficient: "1"', "coefficient: Y/3", "coefficients.1.coefficient",
     "no exact decimal"),
    (EDITION, "min_term", 'coefficient: "1"', "coefficient: Y/0", "coefficients.1.coefficient",
     "no exact decimal"),
    (EDITION, "min_term", "validity: PAYMENT_TERM", "validity: P2M", "coefficients.1.validity",
     "is no validity"),
    (EDITION, "coefficients:", "coverage: long", "coverage: lang", "coefficients.1.coverage",
     "did you mean long?"),
    (EDITION, "coefficients:", "mode: annual", "mode: anual", "coefficients.1.mode", "did you mean annual?"),
    (EDITION, "coefficients:", "min_term_years: 10", "min_term_years: 0", "coefficients.1.min_term_years",
     "0 is not between 1 and 100"),
    (EDITION, "coefficients:", "min_term_years: 10", "min_term_years: ten", "coefficients.1.min_term_years",
     "expected a whole number, found “ten”"),
    (EDITION, "coefficients:", "base: ANNUALISED_PREMIUM", "base: SINGLE_PREMIUM", "coefficients.1.base",
     "mode annual does not go with base SINGLE_PREMIUM"),
    (EDITION, "design: universal", "validity: P2Y", "validity: PAYMENT_TERM", "coefficients.9.mode",
     "a single premium has no payment term"),
    (EDITION, "coverage: one_year\n    design: null\n    category: null\n    mode: null",
     "base: ANNUALISED_PREMIUM", "base: SINGLE_PREMIUM", "coefficients.14.mode",
     "only mode single has a single premium"),
    (EDITION, "settings:", "value: 31", "value: -1", "settings.backdating_days.value", "plain digits"),
    (EDITION, "settings:", "value: 31", "value: 31.5", "settings.backdating_days.value",
     "expected a whole number"),
    (EDITION, "settings:", "value: 31", "value: 9999", "settings.backdating_days.value",
     "not between 0 and 3660"),
    (EDITION, "settings:", "value: 72", "value: 2161", "settings.default_hold_hours.value",
     "2161 hours is more than max_hold_hours, 2160"),
    (EDITION, "settings:", "[spouse, parent, child]", "[spouse, parent, uncle]",
     "settings.immediate_family.value.3", "unknown word “uncle”"),
    (EDITION, "settings:", "[spouse, parent, child]", "[spouse, spouse]", "settings.immediate_family.value.2",
     "spouse is listed twice"),
    (EDITION, "coverage: one_year", "validity: P1Y", "validity: P2Y", "coefficients.13.validity",
     "a one-year policy counts for the year that it covers, then for each renewed one; write P1Y"),
    (EDITION, "coefficients:", "coverage: one_year", "coverage: under_one_year", "coefficients.13.coverage",
     "policies of less than one year never count"),
    (EDITION, "settings:", "[spouse, parent, child]", "[]", "settings.immediate_family.value",
     "is shared with the immediate family, and nobody is one; name the relations"),
    (EDITION, "settings:", "value: 1000", "value: 100001", "settings.max_units_per_redemption.value",
     "100001 is not between 1 and 100000"),
    (EDITION, "min_term", 'coefficient: "1"', 'coefficient: "101"', "coefficients.1.coefficient",
     "101 is more than 100"),
    (EDITION, "min_term", 'coefficient: "1"', 'coefficient: "0.1234567"', "coefficients.1.coefficient",
     "0.1234567 has more than 6 places"),
    (EDITION, "", "[privileges, health-steward,", "[privileges, health,", "sections.2",
     "unknown section health"),
    (EDITION, "", "[privileges, ", "[privileges, privileges, ", "sections.2", "privileges is listed twice"),
    (EDITION, "options:", "  surgery:", "  admission-slip:", "evidence_kinds.admission-slip",
     "a code of options"),
    (EDITION, "options:", "  surgery:", "  Surgery:", "options.Surgery", "“Surgery” is no code"),
    (EDITION, "\ndiscrepancies:", "governs: overview", "governs: detail", "discrepancies.1.governs",
     "no clause of page"),
    (EDITION, "\ndiscrepancies:", "page: overview", "page: criteria", "discrepancies.1.clauses.2.page",
     "quoted twice"),
    (EDITION, "\ndiscrepancies:", "page: overview", "page: cover", "discrepancies.1.clauses.2.page",
     "did you mean overview?"),
    (STEWARD, "benefits:", "  car-t:", "  CAR-T:", "benefits.CAR-T", "“CAR-T” is no code"),
]  # fmt: skip

WRONG_IN_A_BENEFIT = [
    # file, benefit, old → new, path within it, reason
    (STEWARD, "car-t", "units: 1", "units: 1.0", "grid.3.units", "expected a whole number"),
    (STEWARD, "car-t", "units: 1", "units: 0", "grid.3.units", "not between 1 and"),
    (STEWARD, "car-t", "units: 1", "units: many", "grid.3.units", "found “many”"),
    (STEWARD, "car-t", "unit: TIMES", "unit: times", "grid.3.unit", "unknown word “times”"),
    (STEWARD, "car-t", "per: SERVICE_YEAR", "per: POLICYS", "grid.3.per", "did you mean POLICY?"),
    (STEWARD, "car-t", ", per: SERVICE_YEAR", "", "grid.3.per", "this key is missing"),
    (STEWARD, "car-t", "units: 1,", "units: unlimited,", "grid.3.per", "leave this key out"),
    (STEWARD, "car-t", "      1: null\n", "", "grid.2", "expected star 1 here"),
    (STEWARD, "car-t", "      5: {", "      7: {", "grid.7", "expected star 5 here"),
    (STEWARD, "car-t", f"      5: {ONCE_A_YEAR}", f"      5: {ONCE_A_YEAR}\n      6: {ONCE_A_YEAR}", "grid.6",
     "unknown star; the edition's tiers end at star 5"),
    (STEWARD, "car-t", f"      5: {ONCE_A_YEAR}\n", "", "grid", "star 5 is missing"),
    (STEWARD, "car-t", "family_shared: true", "family_shared: yes", "family_shared", "neither true nor"),
    (STEWARD, "car-t", "family_shared: true", "family_shared: 1", "family_shared", "expected true or"),
    (STEWARD, "car-t", "adviser: {how", "advisor: {how", "channels.advisor", "did you mean adviser?"),
    (STEWARD, "car-t", "\n      adviser: {how: 请联系保险顾问领取权益卡。}", " {}", "channels", "at least one channel"),
    (STEWARD, "car-t", "channels:\n      adviser: {how: 请联系保险顾问领取权益卡。}", "channels: [adviser]", "channels",
     "expected keys with values"),
    (STEWARD, "car-t", "name: CAR-T 免疫细胞治疗", "name: ''", "name", "the text is empty"),
    (STEWARD, "car-t", "name: CAR-T 免疫细胞治疗", "name: ' CAR-T'", "name", "begins or ends with blanks"),
    (STEWARD, "car-t", "name: CAR-T 免疫细胞治疗", 'name: "a\\tb"', "name", "control character U+0009"),
    (STEWARD, "car-t", "name: CAR-T 免疫细胞治疗", 'name: "a\\nb"', "name", "control character U+000A"),
    (STEWARD, "car-t", "name: CAR-T 免疫细胞治疗", "name: a\u202eb", "name", "control character U+202E"),
    (STEWARD, "car-t", "name: CAR-T 免疫细胞治疗", "name: " + "长" * 501, "name", "501 characters"),
    (STEWARD, "car-t", "name: CAR-T 免疫细胞治疗", "name: !!python/none x", "name", "expected text"),
    (STEWARD, "dental-care", "child-fluoride]", "child-flouride]", "options.2", "did you mean child-fluoride?"),
    (STEWARD, "dental-care", "child-fluoride]", "adult-cleaning]", "options.2", "listed twice"),
    (STEWARD, "dental-care", ONCE_A_YEAR, "{unit: TIMES, units: 2, per: SERVICE_YEAR}", "grid.2",
     "the printed row says “1 次 / 年” for star 2"),
    (STEWARD, "dental-care", "1: null", f"1: {ONCE_A_YEAR}", "grid.1", "the printed row says “-”"),
    (STEWARD, "dental-care", f"2: {ONCE_A_YEAR}", "2: null", "grid.2", "the printed row says"),
    (STEWARD, "dental-care", f"2: {ONCE_A_YEAR}", "2: {unit: TIMES, units: unlimited}", "grid.2",
     "the printed row says “1 次 / 年”"),
    (STEWARD, "dental-care", 'cells: ["-", ', "cells: [", "printed.rows.1.cells", "4 cells, but"),
    (STEWARD, "dental-care", 'cells: ["-", ', "cells: [-1, ", "printed.rows.1.cells.1", "put it in quotes"),
    (CARE, "outpatient-green-channel", "5: {variant: 指定专家, ", "5: {", "grid.5.variant",
     "2 printed rows are this benefit; say which one the star has"),
    (STEWARD, "physical-exam", "4: {variant: 尊享体检, ", "4: {variant: 尊享, ", "grid.4.variant",
     "unknown variant 尊享; did you mean 尊享体检?"),
    (STEWARD, "physical-exam", "4: {variant: 尊享体检, unit: TIMES, units: 1, per: SERVICE_YEAR}",
     "4: {variant: 尊享体检, unit: TIMES, units: 1, per: MEMBERSHIP}", "grid.4.per",
     "per MEMBERSHIP, but star 2 is per SERVICE_YEAR"),
    (STEWARD, "physical-exam", "4: {variant: 尊享体检, unit: TIMES", "4: {variant: 尊享体检, unit: MINUTES",
     "grid.4.unit", "MINUTES, but star 2 counts TIMES: what was used is carried from star to star"),
    (CARE, "medical-butler", "5: {unit: TIMES, units: 3, per: SERVICE_YEAR}",
     "5: {unit: MINUTES, units: unlimited}", "grid.5.unit", "MINUTES, but star 1 counts TIMES"),
    (CARE, "proton-therapy", "[admission-slip]", "[admission]", "evidence.1",
     "unknown code admission in evidence; did you mean admission-slip?"),
    (CARE, "proton-therapy", "days: 30", "days: 30 days", "waiting.days", "expected a whole"),
    (CARE, "proton-therapy", "days: 30", "days: 0", "waiting.days", "not between 1 and"),
    (CARE, "proton-therapy", "respond_within_working_days: 1", "respond_within_working_days: soon",
     "service_level.respond_within_working_days", "expected a whole number"),
    (CARE, "proton-therapy",
     "          - {page: overview, says: 上海质子重离子医院治疗预约安排 - - - 1 次 / 年 1 次 / 年}\n", "",
     "discrepancies.1.clauses", "needs the two clauses"),
]  # fmt: skip

LINES_FURTHER_ON = {
    # What is refused stands so many lines behind what was changed.
    "tiers.2.from": 5,
    "coefficients.9.mode": -4,
    "coefficients.14.mode": -2,
    "evidence_kinds.admission-slip": 4,
    "benefits.car-t.grid.6": 1,
    "benefits.car-t.grid": -5,
    "benefits.proton-therapy.discrepancies.1.clauses": -1,
}


@pytest.mark.parametrize(("file", "behind", "old", "new", "path", "reason"), WRONG_IN_THE_EDITION)
def test_a_wrong_value_is_refused_with_file_place_and_reason(edition, file, behind, old, new, path, reason):
    line = edition.change(file, behind, old, new) + LINES_FURTHER_ON.get(path, 0)
    found = refusal_of(edition)
    assert found.file == str(edition.folder / file)
    assert found.place == f"{path} (line {line})"
    assert reason in found.reason
    assert str(found) == f"{found.file}: {found.place}: {found.reason}"


@pytest.mark.parametrize(("file", "benefit", "old", "new", "path", "reason"), WRONG_IN_A_BENEFIT)
def test_a_wrong_benefit_is_refused_with_file_place_and_reason(
    edition, file, benefit, old, new, path, reason
):
    path = f"benefits.{benefit}.{path}"
    line = edition.change(file, f"  {benefit}:", old, new) + LINES_FURTHER_ON.get(path, 0)
    found = refusal_of(edition)
    assert (found.file, found.place) == (str(edition.folder / file), f"{path} (line {line})")
    assert reason in found.reason


def test_a_row_in_the_shadow_of_earlier_ones_is_refused(edition):
    line = edition.change(EDITION, "Y/10", "mode: semi_annual", "mode: annual")
    found = refusal_of(edition)
    assert found.place == f"coefficients.3 (line {line - 3})"
    assert "no component ever comes to this row" in found.reason


def test_a_kind_of_component_without_a_row_is_refused(edition):
    edition.change(EDITION, "design: participating", "category: endowment", "category: annuity")
    edition.change(EDITION, "category: annuity", "category: null", "category: endowment")
    found = refusal_of(edition)
    assert found.place.startswith("coefficients (line ")
    assert "no row covers: long, traditional, whole_life, single; add one" in found.reason


def test_a_payment_term_without_a_row_is_refused(edition):
    edition.change(EDITION, "Y/10", "min_term_years: 10", "min_term_years: 11")
    edition.change(EDITION, "min_term_years: 11", "min_term_years: null", "min_term_years: 5")
    assert (
        "no row covers: long, traditional, whole_life, semi_annual, payment term 1"
        in refusal_of(edition).reason
    )


def test_a_benefit_that_no_star_has_is_refused(edition):
    edition.change(STEWARD, "  car-t:", "3: {unit: TIMES, units: 1, per: SERVICE_YEAR}", "3: null")
    edition.change(STEWARD, "  car-t:", "4: {unit: TIMES, units: 1, per: SERVICE_YEAR}", "4: null")
    edition.change(STEWARD, "  car-t:", "5: {unit: TIMES, units: 1, per: SERVICE_YEAR}", "5: null")
    found = refusal_of(edition)
    assert found.place.startswith("benefits.car-t.grid (line ")
    assert "no star has this benefit" in found.reason


def test_a_benefit_in_two_sections_is_refused(edition):
    line = edition.change(CARE, "", "  outpatient-escort:", "  car-t:")
    found = refusal_of(edition)
    assert found.file == str(edition.folder / CARE)
    assert found.place == f"benefits.car-t (line {line})"
    assert "stands in section health-steward too" in found.reason


def test_a_control_character_in_a_key_or_a_path_does_not_break_the_line(edition):
    edition.change(STEWARD, "  car-t:", "    conditions:", '    "condi\\ntion":')
    found = refusal_of(edition)
    assert "\n" not in str(found)
    assert found.place.startswith("benefits.car-t.condiU+000Ation (line ")


def test_an_allowance_need_not_rise_with_the_star(edition):
    edition.change(CARE, "medical-butler:", "5: {unit: TIMES, units: 3", "5: {unit: TIMES, units: 2")
    edition.change(CARE, "medical-butler:", "3 次 / 年]}", "2 次 / 年]}")
    edition.change(PRIVILEGES, "vip-line:", "      5: {unit: TIMES, units: unlimited}", "      5: null")
    edition.change(PRIVILEGES, "vip-line:", "不限次, 不限次]", '不限次, "-"]')
    edition.change(PRIVILEGES, "vip-line:", "全部臻选荟员", "一星、二星、三星、四星臻选荟员")
    edition.prints(
        "就医管家 (推荐号源) 3 次 / 年 3 次 / 年 3 次 / 年 3 次 / 年 2 次 / 年",
        "呼入贵宾专线 不限次 不限次 不限次 不限次 -",
        "一星、二星、三星、四星臻选荟员。",
    )
    latest = load_handbook(edition.folder).latest
    assert latest.benefit("medical-butler").allowance(5).units == 2
    assert latest.benefit("vip-line").allowance(5) is None


def test_an_edition_without_tiers_is_refused(edition):
    text = (edition.folder / EDITION).read_text("utf-8")
    begin, end = text.index("tiers:"), text.index("# 定级保费折算标准")
    (edition.folder / EDITION).write_text(f"{text[:begin]}tiers: {{}}\n{text[end:]}", "utf-8")
    found = refusal_of(edition)
    assert found.place.startswith("tiers (line ")
    assert found.reason == "there is no tier; write at least star 1"


def test_a_benefit_without_its_printed_row_is_refused(edition):
    row = '- {name: CAR-T 免疫细胞治疗, cells: ["-", "-", 1 次, 1 次, 1 次]}'
    line = edition.change(STEWARD, "  car-t:", f"rows:\n        {row}", "rows: []")
    found = refusal_of(edition)
    assert found.place == f"benefits.car-t.printed.rows (line {line})"
    assert found.reason == "quote the printed row or rows of this benefit"


def test_a_printed_cell_that_is_not_understood_is_refused(edition):
    edition.change(CARE, "outpatient-escort:", "1 次 / 年, 1 次 / 年", "每年一回, 每年一回")
    edition.prints("门诊陪诊 (院内) - - - 每年一回 每年一回")
    found = refusal_of(edition)
    assert found.place.startswith("benefits.outpatient-escort.grid.4 (line ")
    assert "“每年一回”" in found.reason


def test_more_stars_than_can_be_meant_are_refused(edition):
    path = edition.folder / EDITION
    text = path.read_text("utf-8")
    begin, end = text.index("  1:\n    name: 一星"), text.index("\n# 定级保费折算标准")
    tiers = "".join(
        f"  {star}: {{name: x, name_en: x, from: {star}, to: {star + 1}, cite: [x]}}\n"
        for star in range(1, 102)
    )
    path.write_text(text[:begin] + tiers + text[end:], "utf-8")
    found = refusal_of(edition)
    assert found.place.startswith("tiers.101 (line ")
    assert found.reason == "more than 100 stars cannot be meant; write fewer"
