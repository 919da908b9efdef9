"""CSV: no text is a formula in a spreadsheet, and values are exact."""

import csv
from datetime import UTC, date, datetime
from decimal import Decimal
from io import StringIO

import pytest

from app.exports.csvs import csv_lines, plain


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


def test_commas_quotes_and_line_breaks_in_a_text_are_read_back():
    texts = ["a,b", 'say "x"', "two\r\nlines", "中文"]
    written = csv_lines([texts, texts])
    assert written.endswith(b"\r\n")
    assert list(csv.reader(StringIO(written.decode(), newline=""))) == [texts, texts]
