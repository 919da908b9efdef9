"""CSV: no text is a formula in a spreadsheet, and values are exact."""

import csv
from datetime import UTC, date, datetime
from decimal import Decimal
from io import StringIO

import pytest

from app.exports.columns import Column, Language
from app.exports.csvs import csv_head, csv_lines, csv_rows, plain


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\n=1",
        "  =1+1",
        "＝1+1",
        "＋1",
        "－1",
        "＠x",
        "=cmd|'/c calc'!A0",
    ],
)
def test_a_text_that_a_spreadsheet_might_run_gets_an_apostrophe(text):
    assert plain(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "预约1-2", "A=1", "a@b", "'x", "1+1", " x"])
def test_other_texts_stay_as_they_are(text):
    assert plain(text) == text


def test_numbers_dates_and_moments_are_exact():
    moment = datetime(2026, 9, 30, 16, 30, 0, 1, tzinfo=UTC)
    cells = [
        None,
        -5,
        Decimal("-1234567.80"),
        Decimal("1E+3"),
        date(2026, 10, 1),
        moment,
        {"b": 1, "a": "中"},
        {},
    ]
    assert [plain(cell) for cell in cells] == [
        "",
        "-5",
        "-1234567.80",
        "1000",
        "2026-10-01",
        "2026-10-01T00:30:00.000001+08:00",
        '{"a": "中", "b": 1}',
        "",
    ]


TEXTS_LIKE_VALUES = [
    "00123",
    "138001380001234567",
    "1E5",
    "2026-10",
    "10/5",
    "1,234",
    "50%",
    "10:30",
    "10月5日",
    "true",
    "7",
]


@pytest.mark.parametrize("text", TEXTS_LIKE_VALUES)
def test_a_text_that_excel_would_take_for_a_value_ends_with_a_tab_in_chinese_files(text):
    assert csv_lines([[text]], Language.ZH).decode() in {f"{text}\t\r\n", f'"{text}\t"\r\n'}
    assert list(csv.reader(StringIO(csv_lines([[text]]).decode(), newline=""))) == [[text]]


@pytest.mark.parametrize(
    "cell", ["M00123", "AY2611010027711", "-", "E", "", "年", "张三", "-5", 7, Decimal("1.50")]
)
def test_other_cells_are_the_same_in_chinese_files(cell):
    assert csv_lines([[cell]], Language.ZH) == csv_lines([[cell]])


def test_a_file_opens_in_excel_in_china():
    columns = [Column(name="no", title="会员号", cell=lambda row: row)]
    content = csv_head(columns, Language.ZH) + csv_rows(columns, ["007", "李四"], Language.ZH)
    assert content == b"\xef\xbb\xbf" + "会员号\r\n007\t\r\n李四\r\n".encode()


def test_commas_quotes_and_line_breaks_in_a_text_are_read_back():
    texts = ["a,b", 'say "x"', "two\r\nlines", "中文"]
    written = csv_lines([texts, texts])
    assert written.endswith(b"\r\n")
    assert list(csv.reader(StringIO(written.decode(), newline=""))) == [texts, texts]
