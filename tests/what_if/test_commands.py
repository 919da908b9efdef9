"""`entitlements edition diff` and `edition what-if`, as a person runs them on the demo portfolio."""

import csv
import io
import json
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from typer.testing import CliRunner

from app.cli import cli
from handbook import SHIPPED_EDITIONS
from tests.demo import NOW
from tests.handbook.copies import Copy

Run = Callable[..., Any]


@pytest.fixture
def edition(demo_dsn: str, six_star_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command, run in this process: a new one for each case takes seconds. The six-star edition is a candidate."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", demo_dsn)
    monkeypatch.setenv("ENTITLEMENTS_DATA", str(tmp_path))
    monkeypatch.setenv("ENTITLEMENTS_CLOCK", NOW.isoformat())
    assert CliRunner().invoke(cli, ["grant"]).exit_code == 0  # puts the shipped edition in force
    monkeypatch.setenv("ENTITLEMENTS_EDITIONS", str(six_star_folder.parent))

    def run(*arguments: str) -> Any:
        return CliRunner().invoke(cli, ["edition", *arguments])

    return run


def csv_of(content: bytes) -> list[dict[str, str]]:
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


def test_a_diff_is_told_line_by_line_by_code_and_by_folder(edition, six_star_folder):
    done = edition("diff", "zhenxuan-1", "zhenxuan-2")
    assert done.exit_code == 0, done.stderr
    lines = dict(line.split(maxsplit=1) for line in done.stdout.splitlines())
    assert lines["tiers.1.from"] == "一星起点由 30,000 调整为 25,000。"
    english = edition("diff", "zhenxuan-1", str(six_star_folder), "--language", "en").stdout
    assert "Star 1 begins at 25,000 instead of 30,000." in english
    folders = (str(SHIPPED_EDITIONS / "zhenxuan-1"), str(six_star_folder / "edition.yaml"))
    assert edition("diff", *folders).stdout == done.stdout
    assert edition("diff", "zhenxuan-1", "zhenxuan-1").stdout == "两个版本内容相同\n"


def test_a_diff_of_two_folders_needs_no_database(edition, six_star_folder, monkeypatch):
    monkeypatch.delenv("DATABASE_URL")
    folders = (str(SHIPPED_EDITIONS / "zhenxuan-1"), str(six_star_folder))
    assert edition("diff", *folders).exit_code == 0
    done = edition("diff", "zhenxuan-1", str(six_star_folder))
    assert (done.exit_code, done.stdout) == (1, "")


def test_a_diff_of_a_code_with_itself_tells_what_a_correction_changes(edition, tmp_path, monkeypatch):
    copy = Copy(tmp_path / "own").add("zhenxuan-1", "1990-01-01")
    copy.change("edition.yaml", "  4:", "from: 300000", "from: 350000")
    copy.change("edition.yaml", "  3:", "to: 300000", "to: 350000")
    monkeypatch.setenv("ENTITLEMENTS_EDITIONS", str(tmp_path / "own"))
    done = edition("diff", "zhenxuan-1", "zhenxuan-1", "--language", "en")
    assert "Star 4 begins at 350,000 instead of 300,000." in done.stdout, done.stderr


def test_a_diff_as_json_has_both_languages(edition):
    changes = json.loads(edition("diff", "zhenxuan-1", "zhenxuan-2", "--format", "json").stdout)
    change = next(each for each in changes if each["place"] == "settings.backdating_days")
    assert change == {
        "place": "settings.backdating_days",
        "before": "31",
        "after": "120",
        "words": {"zh": "可补报天数由 31 调整为 120。", "en": "Backdating days: 120 instead of 31."},
    }


def test_a_what_if_is_two_tables_and_its_letters_a_file(edition, tmp_path):
    done = edition("what-if", "zhenxuan-2", "--losing", "losing.csv", "--language", "en")
    assert done.exit_code == 0, done.stderr
    heading, _, moves, rule, *rest = done.stdout.splitlines()
    assert heading.startswith("edition zhenxuan-2 on 2027-01-01, customers: ")  # its first day is ahead
    assert moves.split() == ["move", "from_star", "to_star", "customers"]
    assert set(rule) == {"-"}
    assert any(line.split() == ["rise", "5", "6", "1"] or line.startswith("rise") for line in rest)
    benefits = {line.split()[0]: line for line in rest if line}
    assert "Home nursing" in benefits["home-nursing"]
    letters = csv_of((tmp_path / "losing.csv").read_bytes())
    assert list(letters[0]) == [
        "member_no",
        "name",
        "benefit",
        "benefit_name",
        "day",
        "star_before",
        "star_after",
    ]
    escort = [each for each in letters if each["benefit"] == "outpatient-escort"]
    assert len([each for each in escort if each["day"] == "2027-01-01"]) == int(
        benefits["outpatient-escort"].split()[-2]
    )
    assert all(each["name"] and each["member_no"].startswith("M") for each in letters)
    assert all(each["day"] >= "2027-01-01" for each in letters)


def test_csv_and_workbook_tell_the_same(edition, six_star_folder, tmp_path):
    asked = ("what-if", str(six_star_folder), "--on", "2027-03-01", "--language", "en")
    assert edition(*asked, "--format", "csv", "--out", "what-if.csv").exit_code == 0
    assert edition(*asked, "--format", "xlsx", "--out", "what-if.xlsx").exit_code == 0
    rows = csv_of((tmp_path / "what-if.csv").read_bytes())
    book = load_workbook(tmp_path / "what-if.xlsx")
    summary, moves, benefits = (list(sheet.values) for sheet in book.worksheets)
    facts = {row[0]: row[1] for row in summary}
    assert (facts["edition"], facts["on"]) == ("zhenxuan-2", datetime(2027, 3, 1))  # noqa: DTZ001 - a cell of a sheet has no zone
    told = [row for row in rows if row["what"] == "move"]
    assert [
        (each["move"], *(int(each[name]) for name in ("from_star", "to_star", "customers"))) for each in told
    ] == [tuple(row) for row in moves[1:]]
    told = [row for row in rows if row["what"] == "benefit"]
    assert [
        (each["benefit"], each["unit"], int(each["units_after"]), Decimal(each["liability_after"]))
        for each in told
    ] == [(row[0], row[2], row[4], Decimal(str(row[8])).quantize(Decimal("0.01"))) for row in benefits[1:]]
    units = {each["benefit"]: each["unit"] for each in told}
    assert (units["legal-consultation"], units["home-nursing"]) == ("MINUTES", "TIMES")
    assert sum(Decimal(each["liability_after"]) for each in told) == Decimal(
        str(facts["liability after"])
    ).quantize(Decimal("0.01"))
    assert facts["customers with another star"] == sum(
        int(row["customers"]) for row in rows if row["customers"]
    )


def test_an_edition_that_is_in_force_changes_nobody(edition, tmp_path):
    done = edition("what-if", "zhenxuan-1", "--format", "csv", "--losing", "losing.csv", "--language", "en")
    rows = csv_of(done.stdout_bytes)
    assert {row["what"] for row in rows} == {"benefit"}
    assert all(row["units_before"] == row["units_after"] for row in rows)
    assert csv_of((tmp_path / "losing.csv").read_bytes()) == []


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["what-if", "zhenxuan-9"], 1, "there are: zhenxuan-1, zhenxuan-2"),
        (["diff", "zhenxuan-1", "zhenxuan-9"], 1, "zhenxuan-9"),
        (["what-if", "zhenxuan-1", "--on", "1980-01-01"], 1, "no edition of the handbook is in force on 1980-01-01"),
        (["what-if", "zhenxuan-1", "--on", "tomorrow"], 2, "tomorrow"),
        (["what-if", "zhenxuan-1", "--format", "pdf"], 2, "pdf"),
        (["diff", "zhenxuan-1"], 2, "B"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_refused_in_one_line(edition, arguments, code, words):
    done = edition(*arguments)
    assert (done.exit_code, done.stdout) == (code, "")
    assert words in done.stderr
    if code == 1:
        assert len(done.stderr.splitlines()) == 1


def test_an_edition_that_is_wrong_is_refused_with_its_place(edition, tmp_path):
    copy = Copy(tmp_path / "own").add("zhenxuan-3", "2028-01-01")
    copy.change("edition.yaml", "  2:", "from: 45000", "from: 44000")
    for arguments in (("what-if", str(copy.folder)), ("diff", "zhenxuan-1", str(copy.folder))):
        done = edition(*arguments)
        assert (done.exit_code, done.stdout) == (1, "")
        assert "tiers.2.from" in done.stderr
        assert len(done.stderr.splitlines()) == 1
