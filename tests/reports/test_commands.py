"""`entitlements report`, as a person runs it on the demo portfolio."""

import csv
import io
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from app.cli import cli
from tests.demo import NOW

Run = Callable[..., Any]
OCTOBER = ("--from", "2026-10-01", "--to", "2026-11-01")


@pytest.fixture
def report(demo_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command, run in this process: a new one for each case takes seconds."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", demo_dsn)
    monkeypatch.setenv("ENTITLEMENTS_DATA", str(tmp_path))
    monkeypatch.setenv("ENTITLEMENTS_CLOCK", NOW.isoformat())

    def run(*arguments: str) -> Any:
        return CliRunner().invoke(cli, ["report", *arguments])

    return run


def rows_of(content: bytes) -> list[dict[str, str]]:
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


def test_usage_is_a_table_whose_last_line_adds_up(report):
    done = report("usage", *OCTOBER)
    assert done.exit_code == 0, done.stderr
    heading, rule, *body, _, sums = done.stdout.splitlines()
    assert heading.split() == [
        "vendor",
        "benefit",
        "name",
        "redemptions",
        "units",
        "reversed_units",
        "amount",
        "unpriced_units",
    ]
    assert set(rule) == {"-"}
    dental = next(line for line in body if line.startswith("dental-1"))
    assert "成人洁牙" in dental
    amounts = [Decimal(line.split()[-2]) for line in body]
    assert Decimal(sums.split()[-2]) == sum(amounts) > 10_000


def test_usage_as_csv_has_a_column_for_each_group_and_the_same_sums(report, tmp_path):
    by = [word for group in ("day", "month", "vendor", "variant", "star") for word in ("--by", group)]
    done = report("usage", *OCTOBER, *by, "--format", "csv", "--out", "usage.csv")
    assert (done.exit_code, done.stdout) == (0, "")
    rows = rows_of((tmp_path / "usage.csv").read_bytes())
    assert list(rows[0])[:7] == ["month", "day", "vendor", "benefit", "name", "variant", "star"]
    assert {row["month"] for row in rows} == {"2026-10"}
    table = report("usage", *OCTOBER, "--by", "month").stdout.splitlines()
    assert sum(Decimal(row["amount"]) for row in rows) == Decimal(table[-1].split()[-2])


def test_usage_of_one_vendor_and_star(report):
    done = report("usage", *OCTOBER, "--vendor", "exam-1", "--star", "3", "--by", "star", "--format", "csv")
    assert [row["star"] for row in rows_of(done.stdout_bytes)] == ["3"]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["usage", "--from", "2026-10-01", "--to", "2026-10-01"], 2, "must be after"),
        (["usage", "--from", "2026-10-01"], 2, "--to"),
        (["usage", *OCTOBER, "--by", "weather"], 2, "weather"),
        (["usage", *OCTOBER, "--star", "6"], 1, "there is no star 6; the handbook has the stars 1 to 5"),
        (["usage", *OCTOBER, "--star", "0"], 1, "there is no star 0"),
        (["usage", *OCTOBER, "--vendor", "nobody"], 1, "there is no vendor nobody"),
        (["usage", *OCTOBER, "--benefit", "yoga"], 1, "there is no benefit yoga"),
        (["liability", "--on", "1980-01-01"], 1, "no edition"),
        (["liability", "--on", "tomorrow"], 2, "tomorrow"),
    ],
)
def test_what_cannot_be_told_is_refused(report, arguments, code, words):
    done = report(*arguments)
    assert (done.exit_code, done.stdout) == (code, "")
    assert words in done.stderr
    if code == 1:
        assert len(done.stderr.splitlines()) == 1


def test_the_liability_of_today_and_of_another_day(report):
    today = report("liability")
    assert today.exit_code == 0, today.stderr
    table = today.stdout.splitlines()
    rows = rows_of(report("liability", "--format", "csv").stdout_bytes)
    assert len(rows) == len(table) - 4
    assert sum(Decimal(row["value"]) for row in rows if row["value"]) == Decimal(table[-1].strip())
    hotline = next(row for row in rows if (row["benefit"], row["star"]) == ("vip-line", "5"))
    assert int(hotline["members"]) > 0
    assert (hotline["allowance"], hotline["remaining"], hotline["value"]) == ("", "", "")
    assert report("liability", "--on", "2026-09-01").stdout != today.stdout
