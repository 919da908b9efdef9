"""What finance takes out at star 6: usage, liability, the ledger as a file, the command line."""

import json
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from app.cli import cli
from app.exports.entries import EntryForm, entry_chunks
from ledger.reports.filters import EntryFilter
from ledger.verifying.verify import verify
from tests.editions import six_stars
from tests.schema.api import FINANCE, Api
from tests.second_edition.conftest import NOW

USAGE = """query ($where: UsageWhere) { usage(from: "2027-01-01", to: "2027-07-01", groupBy: [STAR, BENEFIT],
    where: $where) { rows { star benefit { code } units amount } } }"""
LIABILITY = "{ liability { rows { benefit { code } star variant members allowance used remaining value } } }"


@pytest.fixture
async def used(api: Api) -> Api:
    """M6 had 100 minutes of legal advice and a nurse, M5 one examination."""
    await api.redeem(memberNo="M6", benefit="legal-consultation", units=100)
    await api.redeem(memberNo="M6", benefit="home-nursing")
    await api.redeem(memberNo="M5")
    return api


@pytest.mark.parametrize(
    ("star", "expected"),
    [
        (
            None,
            [
                (5, "physical-exam", 1, "680.00"),
                (6, "home-nursing", 1, "300.00"),
                (6, "legal-consultation", 100, "500.00"),
            ],
        ),
        (
            {"eq": 6},
            [(6, "home-nursing", 1, "300.00"), (6, "legal-consultation", 100, "500.00")],
        ),
        ({"gt": 6}, []),
    ],
)
async def test_usage_is_told_and_filtered_by_six_stars(used, star, expected):
    where = None if star is None else {"star": star}
    rows = (await used.data(USAGE, FINANCE, where=where))["usage"]["rows"]
    found = [(row["star"], row["benefit"]["code"], row["units"], row["amount"]) for row in rows]
    assert sorted(found) == expected


async def test_the_liability_has_a_line_for_each_benefit_of_six_stars(used):
    rows = (await used.data(LIABILITY, FINANCE))["liability"]["rows"]
    at_six = {row["benefit"]["code"]: row for row in rows if row["star"] == 6}
    edition = used.handbook.latest
    assert list(at_six) == [each.code for each in edition.benefits if each.allowance(6) is not None]
    law, nursing = at_six["legal-consultation"], at_six["home-nursing"]
    assert [law[name] for name in ("members", "allowance", "used", "remaining", "value")] == [
        1,
        120,
        100,
        20,
        "100.00",
    ]
    assert [nursing[name] for name in ("members", "allowance", "used", "remaining", "value")] == [
        1,
        2,
        1,
        1,
        "300.00",
    ]


async def test_the_ledger_as_a_file_tells_the_sixth_star(used):
    async with aclosing(entry_chunks(used.pool, EntryFilter(), EntryForm.JSONL)) as chunks:
        text = b"".join([chunk async for chunk in chunks]).decode()
    lines = [json.loads(each) for each in text.splitlines()]
    redeemed = [(line["star"], line["edition"], line["units"]) for line in lines if line["kind"] == "REDEEM"]
    assert sorted(redeemed) == [(5, "zhenxuan-2", 1), (6, "zhenxuan-2", 1), (6, "zhenxuan-2", 100)]
    assert await verify(used.pool) == []


def test_the_command_line_knows_the_stars_of_the_handbook(
    database_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    six_stars(tmp_path)
    for name, value in {
        "DATABASE_URL": database_dsn,
        "ENTITLEMENTS_EDITIONS": str(tmp_path),
        "ENTITLEMENTS_CLOCK": NOW.isoformat(),
    }.items():
        monkeypatch.setenv(name, value)

    def usage(star: str) -> Any:
        command = ["report", "usage", "--from", "2027-01-01", "--to", "2027-07-01", "--star", star]
        return CliRunner().invoke(cli, command)

    assert CliRunner().invoke(cli, ["grant"]).exit_code == 0, (
        "the first command that writes puts both in force"
    )
    taken = usage("6")
    assert taken.exit_code == 0, taken.stderr
    refused = usage("7")
    assert (refused.exit_code, refused.stderr) == (
        1,
        "there is no star 7; the handbook has the stars 1 to 6\n",
    )
