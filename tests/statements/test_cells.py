"""Cells are read as people mean them; ambiguous ones are refused."""

from datetime import date, datetime
from decimal import Decimal

import pytest

from app.statements import cells, days
from app.statements.benefits import Benefits
from app.statements.cells import UnreadableError, amount_of, text_of, units_of
from app.statements.days import day_of
from handbook import BUSINESS_ZONE, Unit
from tests.statements.sheets import HANDBOOK

ZERO = date(1899, 12, 30)
FIFTH = date(2026, 10, 5)


@pytest.mark.parametrize(
    "written",
    [
        *(
            "2026-10-05",
            "2026/10/5",
            "2026.10.5",
            "2026年10月5日",
            "2026年10月5号",
            "20261005",
            " 2026-10-05 ",
        ),
        *(
            "２０２６年１０月５日",
            "2026年10月5日 星期一",
            "2026-10-05（周一）",
            "2026-10-05 14:30:00",
            "2026/10/5 9:05",
        ),
        *("2026-10-05T14:30:00+08:00", "2026-10-04T20:00:00Z", "20261005 14:30", "2026-10-05 2:30 PM"),
        *("5 Oct 2026", "5 October 2026", "Oct 5, 2026", "05-Oct-2026", "46300", "46300.75", "'2026-10-05"),
        *(
            Decimal(46300),
            Decimal("46300.6"),
            Decimal(20261005),
            FIFTH,
            datetime(2026, 10, 5, 23, 59, tzinfo=BUSINESS_ZONE),
        ),
    ],
)
def test_a_day_is_read_in_the_forms_that_people_and_programs_write(written):
    assert day_of(written, ZERO) == FIFTH


@pytest.mark.parametrize(
    ("written", "month", "day"),
    [
        ("10月5日", date(2026, 10, 1), date(2026, 10, 5)),
        ("10月5号 14:00", date(2026, 10, 1), date(2026, 10, 5)),
        ("12月31日", date(2027, 1, 1), date(2026, 12, 31)),
        ("1月2日", date(2026, 12, 1), date(2027, 1, 2)),
        ("10-5", date(2026, 10, 1), date(2026, 10, 5)),
        ("10/05", date(2026, 10, 1), date(2026, 10, 5)),
        ("5-10", date(2026, 10, 1), None),
        ("10.5", date(2026, 10, 1), None),
        ("10月32日", date(2026, 10, 1), None),
        ("10月5日", None, None),
        ("10月", date(2026, 10, 1), None),
    ],
)
def test_the_month_of_the_statement_tells_the_year_of_a_day_without_one(written, month, day):
    if day is not None:
        assert day_of(written, ZERO, month) == day
        return
    with pytest.raises(UnreadableError):
        day_of(written, ZERO, month)


@pytest.mark.parametrize("behind", [" 14:00-15:00", " 14:00 ~ 15:30", " 上午9:00至10:30", " 14点30分"])
def test_times_behind_a_day_are_left_out(behind):
    assert day_of(f"2026-10-05{behind}", ZERO) == FIFTH


def test_numbered_days_count_from_the_workbooks_own_day():
    assert day_of(Decimal(46300 - 1462), date(1904, 1, 1)) == FIFTH


@pytest.mark.parametrize(
    "written",
    [
        *(
            "5/10/2026",
            "10/05/26",
            "26-10-05",
            "10月5日",
            "2026-13-01",
            "2026-02-30",
            "20261305",
            "昨天",
            "2026-10",
        ),
        *(
            "2026-10-05abc",
            "2026-10-05 to 2026-10-07",
            "2026-10-05 14:00-",
            "5 Foo 2026",
            "1",
            "999999",
            "#N/A",
            "",
            "=TODAY()",
            None,
        ),
        *(Decimal(7), Decimal(-46300), Decimal(10) ** 14),
    ],
)
def test_a_day_that_could_be_another_or_none_is_not_guessed(written):
    with pytest.raises(UnreadableError):
        day_of(written, ZERO)


@pytest.mark.parametrize(
    ("written", "amount"),
    [
        *(
            ("1234.50", "1234.50"),
            ("1,234.50", "1234.50"),
            ("1，234.50", "1234.50"),
            ("１２３４.５", "1234.5"),
        ),
        *(
            ("¥1,234.50", "1234.50"),
            ("￥300", "300"),
            ("300元", "300"),
            ("人民币300元整", "300"),
            ("RMB 300.00", "300.00"),
        ),
        *(
            ("1 234.50", "1234.50"),
            ("0", "0"),
            (" 12 ", "12"),
            ('="12.50"', "12.50"),
            (Decimal("12.5"), "12.5"),
        ),
        ("1,234,567.89", "1234567.89"),
    ],
)
def test_an_amount_is_read_exactly(written, amount):
    assert str(amount_of(written)) == amount


@pytest.mark.parametrize(
    "written",
    [
        *(
            "-180",
            "-180.00",
            "(180.00)",
            "180.00-",
            "\u2212180",
            "\uff0d180",
            "\u2013180",
            "（180.00）",
            "１８０－",
        ),
        *(
            "-¥180",
            "¥-180",
            "(¥180.00)",
            "¥(180.00)",
            "-180元",
            "180.00-元",
            "RMB -180.00",
            "-CN¥180",
            "'-180",
            '="-180"',
        ),
        Decimal(-180),
    ],
)
def test_an_amount_below_0_is_read_as_accountants_write_it(written):
    assert amount_of(written) == -180


@pytest.mark.parametrize(
    ("written", "units"),
    [
        *(
            ("-1", -1),
            ("(2)", -2),
            ("2-", -2),
            ("\u22121", -1),
            ("－1", -1),
            ("-1次", -1),
            ("（1 次）", -1),
            ("(1)次", -1),
        ),
        *(("-30 分钟", -30), ("(1小时)", -60), ("1.5小时-", -90), (Decimal(-3), -3)),
    ],
)
def test_units_below_0_are_read_with_or_without_their_word(written, units):
    assert units_of(written) == units


@pytest.mark.parametrize("written", ["--1", "(-1)", "-1-", "+-1", "-(1)", "-", "()", "-(", "1小时次", "负1"])
def test_two_signs_are_no_number(written):
    with pytest.raises(UnreadableError):
        amount_of(written)
    with pytest.raises(UnreadableError):
        units_of(written)


@pytest.mark.parametrize(
    "written",
    ["", "12,34", "1.234,50", "1e3", "3万", "约300", "1.2.3", "#REF!", "=A1", FIFTH],
)
def test_what_is_no_amount_is_not_read_as_one(written):
    with pytest.raises(UnreadableError):
        amount_of(written)


@pytest.mark.parametrize(
    ("written", "units"),
    [
        ("2", 2),
        ("2.0", 2),
        ("2次", 2),
        ("30 分钟", 30),
        ("1,000", 1000),
        ("１", 1),
        ("2 Times", 2),
        ("1小时", 60),
        ("1.5 hours", 90),
        ('="1小时"', 60),
        (Decimal(3), 3),
    ],
)
def test_units_are_read_with_or_without_their_word(written, units):
    assert units_of(written) == units


@pytest.mark.parametrize(
    ("written", "counted_in", "units"),
    [
        ("2小时", Unit.MINUTES, 120),
        ("30 分钟", Unit.MINUTES, 30),
        ("２次", Unit.TIMES, 2),
        ("3份", Unit.TIMES, 3),
    ],
)
def test_a_word_for_what_the_benefit_counts_is_understood(written, counted_in, units):
    assert units_of(written, counted_in) == units


@pytest.mark.parametrize(
    ("written", "counted_in", "words"),
    [
        ("1次", Unit.MINUTES, "counted in minutes, the cell says 1次"),
        ("30 分钟", Unit.TIMES, "counted in times, the cell says 30 分钟"),
        ("1小时", Unit.TIMES, "counted in times, the cell says 1小时"),
    ],
)
def test_a_word_for_something_else_than_the_benefit_counts_is_not_taken_for_it(written, counted_in, words):
    with pytest.raises(UnreadableError, match=words):
        units_of(written, counted_in)


@pytest.mark.parametrize("written", ["720¹", "²", "①", "(3.33", "3.33)", "((3.33))"])
def test_marks_and_single_brackets_are_not_taken_for_a_number(written):
    with pytest.raises(UnreadableError):
        amount_of(written)
    with pytest.raises(UnreadableError):
        units_of(written)


@pytest.mark.parametrize(
    "written",
    [
        "180 180",
        "180\n180",
        "180\t180",
        "180\xa0180",
        "1 180",
        "180 .5",
        "1,180 1,180",
        "180.00 180.00",
        "¥1 234 5.00",
    ],
)
def test_two_numbers_in_a_cell_are_not_read_as_one(written):
    for read in (amount_of, units_of):
        with pytest.raises(UnreadableError, match="several numbers"):
            read(written)


@pytest.mark.parametrize("written", ["1.180", "12.000", "1.180.500", "-1.180", "1.180元"])
def test_a_point_that_may_group_thousands_is_not_taken_for_a_decimal_point(written):
    with pytest.raises(UnreadableError, match="may be"):
        amount_of(written)


def test_the_cells_of_numbers_whose_thousands_are_apart_are_read():
    assert [str(amount_of(text)) for text in ("12 345.60", "1\u202f234\u202f567.89元")] == [
        "12345.60",
        "1234567.89",
    ]


@pytest.mark.parametrize("written", ["TRUE", "false", "####", "#REF!", "#FIELD!", "Err:502", "#N/A"])
def test_what_a_program_shows_in_place_of_a_value_is_none(written):
    for read in (text_of, amount_of, units_of):
        with pytest.raises(UnreadableError, match="the cell shows"):
            read(written)


@pytest.mark.parametrize("written", ["1.5", "二", "", "many", None, Decimal("1.5"), Decimal("1e300"), FIFTH])
def test_units_are_a_whole_number(written):
    with pytest.raises(UnreadableError):
        units_of(written)


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("M001", "M001"),
        (" 007 ", "007"),
        ("\t123456789012345678", "123456789012345678"),
        ('="0012"', "0012"),
        ("'0012", "0012"),
        (Decimal(20261005001), "20261005001"),
        (Decimal("12.0"), "12"),
        ("Ｍ０００３５－Ａ", "M00035-A"),
    ],
)
def test_a_number_of_a_member_or_an_order_is_kept_as_it_was_written(written, text):
    assert text_of(written) == text


@pytest.mark.parametrize("written", [Decimal(1234567890123450000), "1.23457E+17", "1.2E17"])
def test_digits_that_a_spreadsheet_program_has_lost_are_told(written):
    with pytest.raises(UnreadableError, match="format the column as text"):
        text_of(written)


@pytest.mark.parametrize("written", [Decimal("1.5"), Decimal(-1), FIFTH, "", "#N/A", "=A1"])
def test_what_is_no_number_of_a_thing_is_told(written):
    with pytest.raises(UnreadableError):
        text_of(written)


@pytest.mark.parametrize(
    "benefit",
    [benefit for edition in HANDBOOK.editions for benefit in edition.benefits],
    ids=lambda each: each.code,
)
def test_every_benefit_is_known_by_its_code_and_by_its_printed_names(benefit):
    code_of = Benefits(HANDBOOK).code_of
    for name in (benefit.code, benefit.name, benefit.name_en, *(row.name for row in benefit.printed.rows)):
        assert code_of(name) == benefit.code
        assert code_of(f" {name.upper()} ") == benefit.code
        assert code_of(name.replace("（", "(").replace("）", ")").replace(" ", "")) == benefit.code


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("高端体检", "physical-exam"),
        ("成人洁牙", "dental-care"),
        ("门诊陪诊", "outpatient-escort"),
        ("physical_exam", "physical-exam"),
        ("健康体检（男）", "physical-exam"),
    ],
)
def test_a_part_of_a_name_that_can_only_mean_one_benefit_names_it(name, code):
    assert Benefits(HANDBOOK).code_of(name) == code


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("体检", "physical-exam"),
        ("门诊陪诊（院外）", "outpatient-escort"),
        ("健康体捡", "physical-exam"),
        ("legal consulting", "legal-consultation"),
        ("牙医", "codes are"),
        ("健康", "health-assessment"),
    ],
)
def test_a_name_that_is_only_nearly_right_is_not_taken_but_told_what_is_near(name, near):
    with pytest.raises(UnreadableError) as refused:
        Benefits(HANDBOOK).code_of(name)
    assert near in refused.value.words.en


@pytest.mark.parametrize("filling", ["1", "０", "9,999,", " 1", "1e"])
def test_cells_of_thousands_of_digits_are_refused_and_not_remembered(filling):
    cell = "1" + filling * 5_000
    kept = [each.cache_info().currsize for each in (cells._short_number, days._written_day)]
    for read in (units_of, amount_of, lambda cell: day_of(cell, ZERO)):
        with pytest.raises(UnreadableError) as refused:
            read(cell)
        assert len(refused.value.words.zh) < 200
    assert kept == [each.cache_info().currsize for each in (cells._short_number, days._written_day)]


def test_a_number_in_scientific_notation_is_called_that():
    with pytest.raises(UnreadableError) as refused:
        text_of("1.38E+10")
    assert "科学计数法" in refused.value.words.zh
    assert "scientific notation" in refused.value.words.en
    assert "15" not in refused.value.words.en


@pytest.mark.parametrize(
    ("written", "minutes"), [("半小时", 30), ("30分", 30), ("1小时30分", 90), ("2 个小时 5 分钟", 125)]
)
def test_durations_are_read_as_people_write_them(written, minutes):
    assert units_of(written, Unit.MINUTES) == minutes
    with pytest.raises(UnreadableError, match="counted in times"):
        units_of(written, Unit.TIMES)


@pytest.mark.parametrize("written", ["1小时90分", "30 30分", "-30分", "小时30分"])
def test_what_is_no_duration_is_refused(written):
    with pytest.raises(UnreadableError):
        units_of(written, Unit.MINUTES)
