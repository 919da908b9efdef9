"""`entitlements statement`: an import is atomic and idempotent, and problems are reported line by line."""

import asyncio
import csv
import os
import signal
import subprocess
import sys

import asyncpg
import pytest

from app.cli import main
from tests.reconciliation.month import line, october
from tests.served import COMMAND
from tests.statements.sheets import HEADER, csv_of
from tests.statements.xlsb import xlsb_of

LINES = (
    ("M1", "家庭医生电话咨询", "1", "2026-10-05", "12.00", "A-1"),
    ("M1", "家庭医生电话咨询", "2", "2026-10-06", "25.00", "A-2"),
    ("M2", "家庭医生电话咨询", "1", "2026-10-07", "12.00", ""),
)
BAD = ("M9", "体检", "一次", "2026-10-05", "12.00", "A-9")
IMPORT = ("statement", "import", "--vendor", "v", "--period", "2026-10")


async def counts(database) -> tuple[int, int, int]:
    """Statements, lines of them, periods."""
    return tuple(
        [
            await database.owner_pool.fetchval(f"select count(*) from {table}")
            for table in ("statements", "statement_lines", "periods")
        ]
    )


@pytest.mark.parametrize("kind", ["csv", "xlsb"])
async def test_a_sheet_is_taken_matched_and_summed_up(run, database, tmp_path, kind):
    header = (*HEADER, "备注")
    content = csv_of(header, *LINES, encoding="gbk") if kind == "csv" else xlsb_of(header, *LINES)
    file = tmp_path / f"RK-2026-10.{kind}"
    file.write_bytes(content)
    done = run(*IMPORT, str(file))
    assert (done.returncode, done.stderr) == (0, "")
    assert "columns that are not read: 备注" in done.stdout
    assert "statement RK-2026-10 of v for 2026-10" in done.stdout
    assert "3 lines, 4 units, 49.00 CNY" in done.stdout
    assert "open 1; MATCHED 2, AMOUNT_DIFFERS 1" in done.stdout
    assert await counts(database) == (1, 3, 1)
    assert [
        tuple(row)
        for row in await database.owner_pool.fetch(
            "select line_no, reference, member_no, benefit, units, occurred_on::text, amount::text from statement_lines"
            " order by line_no"
        )
    ] == [
        (2, "A-1", "M1", "family-doctor-phone", 1, "2026-10-05", "12.00"),
        (3, "A-2", "M1", "family-doctor-phone", 2, "2026-10-06", "25.00"),
        (4, None, "M2", "family-doctor-phone", 1, "2026-10-07", "12.00"),
    ]


async def test_the_same_sheet_again_changes_nothing_and_another_content_is_refused(run, database, tmp_path):
    file = tmp_path / "RK.csv"
    file.write_bytes(csv_of(HEADER, *LINES))
    assert run(*IMPORT, str(file)).returncode == 0
    again = run(*IMPORT, str(file))
    assert (again.returncode, again.stderr) == (0, "")
    assert "nothing was changed: the statement had been imported before" in again.stdout

    file.write_bytes(csv_of(HEADER, *LINES[:2], (*LINES[2][:4], "13.00", "")))
    other = run(*IMPORT, "--language", "en", str(file))
    assert other.returncode == 1
    assert len(other.stderr.splitlines()) == 1
    assert "lines[4].amount" in other.stderr
    assert await counts(database) == (1, 3, 1)


async def test_what_can_be_read_only_once_is_refused(run, tmp_path):
    pipe = tmp_path / "RK.csv"
    os.mkfifo(pipe)
    held_open = os.open(pipe, os.O_RDWR)
    try:
        answer = run(*IMPORT, str(pipe))
    finally:
        os.close(held_open)
    assert (answer.returncode, answer.stdout) == (1, "")
    assert answer.stderr.endswith("save it as a file first\n")


@pytest.mark.usefixtures("activated")
async def test_statements_of_nobody_are_no_empty_list(run):
    answer = run("statement", "list", "--vendor", "nobody")
    assert (answer.returncode, answer.stderr) == (1, "there is no vendor nobody\n")


async def test_one_bad_row_and_nothing_is_taken(run, database, tmp_path):
    file = tmp_path / "RK.csv"
    file.write_bytes(csv_of(HEADER, *LINES, BAD))
    done = run(*IMPORT, str(file))
    assert done.returncode == 1
    assert [each.split("：")[0] for each in done.stderr.splitlines()] == [
        "第 5 行，服务项目",
        "第 5 行，次数",
    ]
    assert "nothing was imported: 3 good rows, 1 that cannot be read" in done.stdout
    assert await counts(database) == (0, 0, 0)
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".csv"] == ["RK.csv"]


@pytest.mark.usefixtures("activated")
async def test_a_preview_shows_how_a_sheet_is_read_and_keeps_nothing(run, database, tmp_path):
    before = await counts(database)
    file = tmp_path / "RK.csv"
    file.write_bytes(csv_of((*HEADER, "备注"), *LINES))
    shown = run("statement", "preview", "--period", "2026-10", str(file))
    assert (shown.returncode, shown.stderr) == (0, "")
    assert f"column {HEADER[0]} is read as memberNo" in shown.stdout
    assert "row 2: A-1  M1  family-doctor-phone  1 unit  2026-10-05  12.00 CNY" in shown.stdout
    assert "total of family-doctor-phone: 3 lines, 4 units, 49.00 CNY" in shown.stdout
    assert "columns that are not read: 备注" in shown.stdout

    file.write_bytes(csv_of(HEADER, *LINES, BAD))
    bad = run("statement", "preview", str(file))
    assert bad.returncode == 1
    assert bad.stderr.startswith("第 5 行，服务项目")
    assert "3 good rows, 1 that cannot be read; nothing was imported" in bad.stdout
    assert await counts(database) == before


async def test_an_unknown_vendor_is_told_before_any_row(run, database, tmp_path):
    file = tmp_path / "RK.csv"
    file.write_bytes(csv_of(HEADER, BAD, BAD))
    done = run(*IMPORT, "--vendor", "nobody", "--language", "en", str(file))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "vendor: there is no vendor with the code nobody.\n"
    assert await counts(database) == (0, 0, 0)


async def test_to_keep_going_takes_the_good_rows_and_gives_the_others_back_with_reasons(
    run, database, tmp_path
):
    file = tmp_path / "RK.csv"
    formula = "=cmd|' /C calc'!A0"
    header = (*HEADER, "备注")
    file.write_bytes(csv_of(header, *LINES[:2], (*BAD, formula), LINES[2]))
    done = run(*IMPORT, "--keep-going", "--language", "en", str(file))
    assert done.returncode == 1
    assert done.stderr.splitlines()[1] == "row 4, 次数: expected a whole number; got 一次"
    assert "1 row was not imported; it is in RK.csv.rejected.csv" in done.stdout
    assert await counts(database) == (1, 3, 1)
    rejected = tmp_path / "RK.csv.rejected.csv"
    with rejected.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.reader(stream))
    assert rows[0] == ["row before", *header, "reason"]
    assert rows[1][:8] == ["4", *BAD, "'" + formula]
    assert "near are" in rows[1][8]

    # Mended, it is a statement of its own; and nothing is left to mend.
    rejected.write_text(
        rejected.read_text("utf-8-sig").replace("体检", "健康体检").replace("一次", "1次"), "utf-8"
    )
    mended = run(*IMPORT, "--keep-going", "--number", "RK-rest", str(rejected))
    assert (mended.returncode, mended.stderr) == (0, "")
    assert await counts(database) == (2, 4, 1)

    half_mended = rejected.read_bytes()
    again = run(*IMPORT, "--keep-going", str(file))
    assert again.returncode == 1
    assert "nothing was changed" in again.stdout
    assert rejected.read_bytes() == half_mended


async def test_what_an_earlier_run_left_out_goes_when_nothing_is_left_to_mend(run, tmp_path):
    rejected = tmp_path / "RK.csv.rejected.csv"
    rejected.write_text("earlier")
    (tmp_path / "RK.csv").write_bytes(csv_of(HEADER, *LINES))
    assert run(*IMPORT, "--keep-going", str(tmp_path / "RK.csv")).returncode == 0
    assert not rejected.exists()


async def test_a_file_that_is_no_statement_is_refused_in_one_line(run, database, tmp_path):
    file = tmp_path / "RK.csv"
    file.write_bytes(csv_of(HEADER[:4], LINES[0][:4]))
    done = run(*IMPORT, "--keep-going", str(file))
    assert done.returncode == 1
    (said,) = done.stderr.splitlines()
    assert "缺少列：金额 / amount；第 1 行的列有：会员号、服务项目、次数、服务日期" in said
    assert await counts(database) == (0, 0, 0)


async def test_what_the_ledger_refuses_is_said_in_one_line_and_nothing_is_given_back(run, database, tmp_path):
    file = tmp_path / "RK.csv"
    file.write_bytes(csv_of(HEADER, *LINES, BAD))
    done = run(*IMPORT, "--vendor", "nobody", "--keep-going", str(file))
    assert done.returncode == 1
    assert "nobody" in done.stderr.splitlines()[-1]
    assert await counts(database) == (0, 0, 0)
    assert not list(tmp_path.glob("*.rejected*"))


@pytest.mark.parametrize(
    "arguments",
    [
        ["statement", "import", "RK.csv"],
        [*IMPORT, "none.csv"],
        [*IMPORT, "."],
        [*IMPORT, "--period", "10/2026", "RK.csv"],
        [*IMPORT, "--period", "2026-13", "RK.csv"],
        ["statement", "list", "--period", "october"],
        ["statement", "withdraw", "--vendor", "v", "RK"],
        ["statement", "withdraw", "RK", "--note", "n"],
    ],
    ids=" ".join,
)
def test_wrong_usage_ends_with_2(arguments, capsys, monkeypatch, tmp_path):
    (tmp_path / "RK.csv").write_bytes(csv_of(HEADER, *LINES))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["entitlements", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    said = capsys.readouterr()
    assert said.err.strip()
    assert "Traceback" not in said.err
    assert not said.out


@pytest.mark.usefixtures("activated")
async def test_statements_are_listed_and_taken_back(run, month, database):
    await month.state(line(1, october(5), "A-1"), number="RK-1")
    await month.state(line(1, october(7), member_no="M2"), number="RK-2")
    listed = run("statement", "list", "--vendor", "v", "--period", "2026-10").stdout.splitlines()
    assert [each.split("  ")[:5] for each in listed] == [
        ["v", "2026-10", "RK-2", "OPEN", "1 line"],
        ["v", "2026-10", "RK-1", "OPEN", "1 line"],
    ]

    withdraw = ("statement", "withdraw", "--vendor", "v", "RK-1", "--note", "重复提交")
    assert run(*withdraw).returncode == 0
    assert "nothing was changed" in run(*withdraw).stdout
    assert "RK-1  WITHDRAWN" in run("statement", "list").stdout
    assert await database.owner_pool.fetchval("select note from withdrawals") == "重复提交"

    unknown = run("statement", "withdraw", "--vendor", "v", "RK-9", "--note", "n")
    assert (unknown.returncode, unknown.stderr) == (1, "the vendor v has no statement RK-9\n")


@pytest.mark.chaos
async def test_a_kill_in_the_middle_of_an_import_leaves_nothing_and_the_next_one_takes_it(
    run, environment, database, tmp_path
):
    file = tmp_path / "RK.csv"
    file.write_bytes(csv_of(HEADER, *LINES * 1000))
    # The import stands still within its transaction, where it writes its lines, until it is killed.
    async with database.owner_pool.acquire() as blocking, blocking.transaction():
        await blocking.execute("lock table statement_lines in share mode")
        process = subprocess.Popen(  # noqa: ASYNC220
            [*COMMAND, *IMPORT, str(file)], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        try:
            await _until_waiting(database.owner_pool, process)
        finally:
            process.send_signal(signal.SIGKILL)
            process.communicate(timeout=30)
    await _until_alone(database.owner_pool)
    assert await counts(database) == (0, 0, 0)
    assert run(*IMPORT, str(file)).returncode == 0
    assert await counts(database) == (1, 3000, 1)


async def _until_waiting(pool: "asyncpg.Pool", process: subprocess.Popen) -> None:
    async with asyncio.timeout(60):
        while not await pool.fetchval(
            "select exists (select from pg_locks where not granted and relation = 'statement_lines'::regclass)"
        ):
            assert process.poll() is None, process.communicate()
            await asyncio.sleep(0.05)


async def _until_alone(pool: "asyncpg.Pool") -> None:
    """Until the server has noticed that the client of the import is gone."""
    async with asyncio.timeout(60):
        while await pool.fetchval(  # noqa: ASYNC110
            "select exists (select from pg_locks where relation = 'statement_lines'::regclass)"
        ):
            await asyncio.sleep(0.05)


async def test_the_total_of_an_invoice_and_those_of_the_sheet_are_compared(run, database, tmp_path):
    file = tmp_path / "RK.csv"
    file.write_bytes(csv_of(HEADER, *LINES, ("合计", "", "5", "", "49.00")))
    done = run(*IMPORT, str(file), "--language", "en")
    assert done.returncode == 1
    assert "row 5, 次数: the total says 5; the 3 lines in rows 2 to 4 add up to 4" in done.stderr
    assert "nothing was imported: 3 good rows, 0 that cannot be read, 1 total differs" in done.stdout
    file.write_bytes(csv_of(HEADER, *LINES))
    done = run(*IMPORT, str(file), "--total", "13583.00")
    assert done.returncode == 1
    assert "金额应为 13583.00，明细加起来是 49.00" in done.stderr
    assert "--total" in run(*IMPORT, str(file), "--total", "x").stderr
    assert await counts(database) == (0, 0, 0)
    assert run(*IMPORT, str(file), "--total", "49").returncode == 0
