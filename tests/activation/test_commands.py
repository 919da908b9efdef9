"""`entitlements edition`: listing editions, checking candidates, and activation."""

import asyncio
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import asyncpg
import pytest

from tests.activation.conftest import history, lines
from tests.commands import run_command
from tests.editions import changed
from tests.handbook.copies import Copy

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(database_dsn: str, tmp_path: Path) -> Run:
    hidden = ("ENTITLEMENTS_", "DATABASE_")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(hidden)}
    environment |= {"DATABASE_URL": database_dsn, "ENTITLEMENTS_DATA": str(tmp_path / "data")}

    def run(*arguments: str, stdin: str = "", **more: str) -> subprocess.CompletedProcess[str]:
        return run_command(*arguments, environment=environment | more, folder=tmp_path, stdin=stdin)

    return run


@pytest.fixture
def imported(run: Run) -> Run:
    """Four customers."""
    done = run("import", "-", stdin=lines(history()))
    assert done.returncode == 0, done.stderr
    return run


def test_an_edition_is_listed_checked_activated_and_verified(imported, review):
    folder = {"ENTITLEMENTS_EDITIONS": str(review)}
    listed = imported("edition", "list", **folder).stdout.splitlines()
    assert [[word.strip() for word in line.split("  ")[:3]] for line in listed] == [
        ["zhenxuan-1", "from 1990-01-01 on", "active"],
        ["zhenxuan-2", "from 2027-01-01 on", "candidate"],
    ]
    checked = imported("edition", "check", str(review / "zhenxuan-2" / "edition.yaml"))
    assert (checked.returncode, checked.stdout) == (
        0,
        "edition zhenxuan-2 can be activated: from 2027-01-01 on\n",
    )
    assert imported("verify", **folder).returncode == 0, "it is in force nowhere yet"
    done = imported("edition", "activate", "zhenxuan-2", **folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[0] == (
        "edition zhenxuan-2 is active: from 2027-01-01 on; 4 of 4 customers have another timeline"
    )
    again = imported("edition", "activate", "zhenxuan-2", **folder)
    assert again.stdout == "edition zhenxuan-2 is active as it is: nothing was changed\n"
    listed = imported("edition", "list", **folder).stdout.splitlines()
    assert [[word.strip() for word in line.split("  ")[:3]] for line in listed] == [
        ["zhenxuan-1", "1990-01-01 to 2026-12-31", "active"],
        ["zhenxuan-2", "from 2027-01-01 on", "active"],
    ]
    without = imported("edition", "list").stdout.splitlines()
    assert without[1].endswith("the database only"), "what is in force needs no folder any more"
    verified = imported("verify")
    assert verified.returncode == 0, verified.stderr
    assert verified.stdout.startswith("checked 4 customers, 8 events, ")
    assert verified.stdout.endswith("8 ratings, 0 settled months: the ledger is in order\n")


def test_a_correction_of_the_past_says_whom_it_reaches(imported, tmp_path, database_dsn):
    def change(draft):
        draft.top["tiers"]["1"]["from"] = 25_000

    folder = {"ENTITLEMENTS_EDITIONS": str(changed(tmp_path, "zhenxuan-1", "1990-01-01", change).parent)}
    listed = imported("edition", "list", **folder).stdout.splitlines()
    assert [line.split("  ")[2].strip() for line in listed] == ["active", "differs"]
    checked = imported("edition", "check", str(tmp_path / "zhenxuan-1"))
    assert "can be activated in place of the active one of its code" in checked.stdout
    done = imported("edition", "activate", "zhenxuan-1", "--as", "li.na", **folder)
    assert done.returncode == 0, done.stderr
    assert asyncio.run(_subjects(database_dsn)) == {"cli", "li.na"}, (
        "the import's entries, then the activation's"
    )
    first, second, *_ = done.stdout.splitlines()
    assert first.endswith("1 of 4 customers have another timeline")
    assert second.startswith("its days since 1990-01-01 are rated anew")
    again = imported("edition", "activate", "zhenxuan-1", **folder)
    assert "nothing was changed" in again.stdout, "the shipped one does not come back by itself"
    assert imported("verify").returncode == 0


async def _subjects(dsn: str) -> set[str]:
    connection = await asyncpg.connect(dsn)
    found = await connection.fetch("select distinct subject from entries")
    await connection.close()
    return {row["subject"] for row in found}


def test_what_is_wrong_with_an_edition_is_one_line_and_stops_nobody(imported, tmp_path):
    copy = Copy(tmp_path).add("zhenxuan-2", "1990-01-01")
    folder = {"ENTITLEMENTS_EDITIONS": str(tmp_path)}
    for arguments in (("edition", "check", str(copy.folder)), ("edition", "activate", "zhenxuan-2")):
        done = imported(*arguments, **folder)
        assert done.returncode == 1
        assert "Traceback" not in done.stderr
        assert "effective_from" in done.stderr
    assert "wrong" in imported("edition", "list", **folder).stdout
    assert imported("grant", **folder).returncode == 0, "what is in force is served"
    unknown = imported("edition", "activate", "zhenxuan-9")
    assert (unknown.returncode, unknown.stderr) == (
        1,
        "there is no edition zhenxuan-9; there are: zhenxuan-1\n",
    )
    nowhere = imported("edition", "check", str(tmp_path / "nowhere"))
    assert nowhere.returncode == 2


def test_a_correction_that_is_wrong_is_not_taken_for_active(imported, tmp_path):
    Copy(tmp_path).add("zhenxuan-1", "2027-01-01")
    done = imported("edition", "activate", "zhenxuan-1", ENTITLEMENTS_EDITIONS=str(tmp_path))
    assert (done.returncode, done.stdout) == (1, "")
    assert "write a new code, or keep the day" in done.stderr


def test_what_is_in_force_needs_no_folder_to_be_active(imported, review):
    folder = {"ENTITLEMENTS_EDITIONS": str(review)}
    assert imported("edition", "activate", "zhenxuan-2", **folder).returncode == 0
    done = imported("edition", "activate", "zhenxuan-2")
    assert (done.returncode, done.stdout.splitlines()[0]) == (
        0,
        "edition zhenxuan-2 is active as it is: nothing was changed",
    )


def test_a_fresh_database_begins_with_every_edition_at_hand(run, review):
    folder = {"ENTITLEMENTS_EDITIONS": str(review)}
    assert run("import", "-", stdin=lines(history()), **folder).returncode == 0
    listed = run("edition", "list").stdout.splitlines()
    assert [line.split("  ")[0] for line in listed] == ["zhenxuan-1", "zhenxuan-2"]
    assert run("verify").returncode == 0


def test_a_fresh_database_does_not_begin_with_a_wrong_edition(run, tmp_path):
    Copy(tmp_path).add("zhenxuan-2", "1990-01-01")
    done = run("grant", ENTITLEMENTS_EDITIONS=str(tmp_path))
    assert done.returncode == 1
    assert "zhenxuan-2" in done.stderr
