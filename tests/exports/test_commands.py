"""The command line: a file that is there is complete, and what goes wrong is one line and exit code 1."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import openpyxl
import pytest

from app.cli import main
from tests.exports.conftest import fill

REPOSITORY = str(Path(__file__).parents[2])

pytestmark = pytest.mark.usefixtures("activated")


@pytest.fixture
def run(database_dsn, tmp_path, monkeypatch, capfdbinary):
    """The command in this process, as often as wanted: a process of its own takes seconds to begin."""
    for name in [name for name in os.environ if name.startswith("ENTITLEMENTS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("DATABASE_URL", database_dsn)
    monkeypatch.setenv("ENTITLEMENTS_DATA", str(tmp_path))
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> tuple[int, bytes, list[str]]:
        monkeypatch.setattr(sys, "argv", ["entitlements", "export", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capfdbinary.readouterr()
        return ended.value.code, said.out, said.err.decode().splitlines()

    return run


@pytest.fixture
async def filled(database):
    """A ledger of 300 entries."""
    await fill(database.owner_pool, 30)


def test_entries_go_into_a_file_or_to_standard_output(run, filled, tmp_path):
    assert run("entries", "--out", "ledger.csv", "--from", "2026-10-01", "--to", "2026-10-02") == (
        0,
        b"",
        [],
    )
    assert len((tmp_path / "ledger.csv").read_bytes().splitlines()) == 301
    code, said, _ = run(
        "entries", "--format", "jsonl", "--kind", "redeem", "--member", "M7", "--member", "M8"
    )
    assert (code, len(said.splitlines())) == (0, 18)
    assert list(tmp_path.iterdir()) == [tmp_path / "ledger.csv"]


def test_a_name_that_does_not_exist_makes_no_file(run, tmp_path):
    code, _, complained = run("entries", "--out", "x.csv", "--vendor", "nobody", "--member", "M9")
    assert (code, complained) == (1, ["there is no vendor nobody", "there is no member M9"])
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "arguments",
    [
        ["entries", "--format", "xml"],
        ["entries", "--kind", "GIFT"],
        ["entries", "--from", "2026-10-02", "--to", "2026-10-02"],
        ["entries", "--from", "yesterday"],
        ["entries", "--out", "/"],
        ["findings", "--vendor", "v", "--period", "2026-13", "--out", "x.xlsx"],
        ["findings", "--vendor", "v", "--period", "2026-10"],
        ["settlement", "--period", "2026-10", "--out", "x.xlsx"],
    ],
    ids=" ".join,
)
def test_wrong_usage_ends_with_2(arguments, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["entitlements", "export", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert capsys.readouterr().err.strip()


def test_findings_and_settlement_of_a_closed_month(run, settled, tmp_path):
    asked = ("--vendor", "v", "--period", "2026-10")
    assert run("findings", *asked, "--out", "findings.xlsx") == (0, b"", [])
    assert openpyxl.load_workbook(tmp_path / "findings.xlsx").sheetnames == ["封面", "汇总", "差异", "相符"]
    assert run("settlement", *asked, "--out", "s.csv", "--format", "csv", "--language", "en") == (
        0,
        b"",
        [],
    )
    assert len((tmp_path / "s.csv").read_bytes().splitlines()) == 3


def test_a_month_that_is_not_closed_has_no_settlement_and_no_file(run, month, tmp_path):
    code, _, complained = run("settlement", "--vendor", "v", "--period", "2026-10", "--out", "s.xlsx")
    assert (code, complained) == (1, ["the period 2026-10 of v is not closed: it has no settlement yet"])
    assert not list(tmp_path.iterdir())


async def test_a_reader_that_leaves_early_is_told_in_one_line(database, database_dsn, tmp_path):
    await fill(database.owner_pool, 500)
    export = f"{sys.executable} -c 'from app.cli import main; main()' export entries"
    environment = {**os.environ, "DATABASE_URL": database_dsn, "ENTITLEMENTS_DATA": str(tmp_path)}
    process = await asyncio.create_subprocess_exec(
        *("bash", "-c", f"{export} | head -n 1; exit ${{PIPESTATUS[0]}}"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**environment, "PYTHONPATH": REPOSITORY},
    )
    said, complained = await process.communicate()
    assert said.startswith(b"\xef\xbb\xbfcustomer_id")
    assert (process.returncode, len(complained.splitlines())) == (1, 1)
    assert b"not all of it" in complained
