"""The command line keeps its promises: names, exit codes, one line for each thing that is wrong, never a traceback."""

import asyncio
import gzip
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import asyncpg
import jwt
import pytest

from app import start
from app.cli import main
from app.commands.running import ending_on_sigterm
from tests.chaos.chance import chance, kills
from tests.commands import run_command

KEY = "0123456789abcdef0123456789abcdef"
Run = Callable[..., subprocess.CompletedProcess[str]]

REGISTERED = {
    "event_id": "e1",
    "type": "customer_registered",
    "member_no": "M1",
    "effective_on": "2024-01-01",
    "name": "张三",
}
ISSUED = {
    "event_id": "e2",
    "type": "policy_issued",
    "member_no": "M1",
    "effective_on": "2024-01-01",
    "policy_no": "P1",
    "line": "individual",
    "coverage": "long",
    "category": "annuity",
    "design": "traditional",
    "mode": "annual",
    "premium": "60000.00",
    "term_years": 10,
}
UNKNOWN_POLICY = {
    "event_id": "e3",
    "type": "lapsed",
    "member_no": "M1",
    "effective_on": "2024-02-01",
    "policy_no": "P2",
}


@pytest.fixture
def run(database_dsn: str, tmp_path: Path) -> Run:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ENTITLEMENTS_")}
    environment |= {
        "DATABASE_URL": database_dsn,
        "ENTITLEMENTS_TOKEN_KEY": KEY,
        "ENTITLEMENTS_DATA": str(tmp_path),
    }

    def run(*arguments: str, stdin: str = "", **more: str) -> subprocess.CompletedProcess[str]:
        return run_command(*arguments, environment=environment | more, folder=tmp_path, stdin=stdin)

    return run


def lines(*events: dict[str, object]) -> str:
    return "".join(json.dumps(event, ensure_ascii=False) + "\n" for event in events)


@pytest.mark.parametrize(
    "arguments",
    [
        ["nothing"],
        ["import"],
        ["import", "no-such-file.jsonl"],
        ["token"],
        ["token", "--role", "root"],
        ["token", "--role", "vendor"],
        ["token", "--role", "finance", "--vendor", "dental-1"],
        ["token", "--role", "finance", "--member", "M1"],
        ["token", "--role", "finance", "--hours", "0"],
        ["token", "--role", "finance", "--hours", "soon"],
        ["vendor", "add"],
        ["vendor", "add", "dental-1"],
        ["vendor", "add", "dental-1", "--name", "D", "--benefit", "dental-care"],
        ["vendor", "add", "dental-1", "--name", "D", "--benefit", "dental-care=cheap"],
        ["vendor", "add", "dental-1", "--name", "D", "--benefit", "dental-care=-1"],
        ["serve", "--port", "70000"],
        ["serve", "--workers", "0"],
        ["grant", "--now"],
        ["report", "liability", "--on", "9999-12-31"],
        ["report", "usage", "--from", "0001-01-01", "--to", "2026-12-01"],
        ["edition", "what-if", "zhenxuan-1", "--on", "2200-01-01"],
        ["edition", "what-if", "zhenxuan-1", "--out", "a.csv", "--losing", "./a.csv"],
    ],
    ids=" ".join,
)
def test_wrong_usage_ends_with_2_and_says_why(arguments, capsys, monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "argv", ["entitlements", *arguments])
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    said = capsys.readouterr()
    assert said.err.strip()
    assert "Traceback" not in said.err
    assert not said.out
    assert not list(tmp_path.iterdir())


def test_a_database_that_is_not_there_ends_with_1_in_one_line_without_its_password(run):
    done = run("grant", DATABASE_URL="postgres://service:hunter2@127.0.0.1:1/none")
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "127.0.0.1:1" in done.stderr
    assert "hunter2" not in done.stderr


def test_each_wrong_setting_is_one_line(run):
    done = run("grant", ENTITLEMENTS_POOL_SIZE="many", ENTITLEMENTS_ENV="staging")
    assert done.returncode == 1
    assert [line.split(":")[0] for line in sorted(done.stderr.splitlines())] == [
        "ENTITLEMENTS_ENV",
        "ENTITLEMENTS_POOL_SIZE",
    ]


def test_production_does_not_serve_without_a_key(run):
    done = run("serve", "--port", "0", ENTITLEMENTS_ENV="production", ENTITLEMENTS_TOKEN_KEY="")
    assert done.returncode == 1
    assert "ENTITLEMENTS_TOKEN_KEY" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_token_says_who_asks(run):
    done = run("token", "--role", "vendor", "--vendor", "dental-1", "--hours", "2")
    assert done.returncode == 0
    claims = jwt.decode(done.stdout.strip(), KEY, algorithms=["HS256"], audience="entitlements")
    assert (claims["role"], claims["vendor"], claims["exp"] - claims["iat"]) == ("vendor", "dental-1", 7200)
    assert claims["sub"] == "dental-1"


def test_a_token_says_which_person_asks(run):
    done = run("token", "--role", "finance", "--subject", "li.na")
    claims = jwt.decode(done.stdout.strip(), KEY, algorithms=["HS256"], audience="entitlements")
    assert (claims["sub"], claims["exp"] - claims["iat"]) == ("li.na", 12 * 3600)
    for nobody in ("", " ", " li", "li\n"):
        refused = run("token", "--role", "finance", "--subject", nobody)
        assert (refused.returncode, refused.stdout) == (1, "")


def test_without_a_secret_key_no_token_is_issued(run, tmp_path):
    jwks = json.dumps({"keys": [json.loads(jwt.algorithms.OKPAlgorithm.to_jwk(_public_key()))]})
    (tmp_path / "jwks.json").write_text(jwks)
    done = run(
        "token", "--role", "finance", ENTITLEMENTS_TOKEN_KEY="", ENTITLEMENTS_JWKS=str(tmp_path / "jwks.json")
    )
    assert done.returncode == 1
    assert "issued elsewhere" in done.stderr


def _public_key():
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return Ed25519PrivateKey.generate().public_key()


def test_the_schema_is_printed_without_a_database(run):
    done = run("schema", DATABASE_URL="postgres://nobody@127.0.0.1:1/none")
    assert done.returncode == 0
    assert "type Query" in done.stdout
    assert done.stdout.endswith("}\n")


def test_migrating_again_applies_nothing(run):
    done = run("migrate")
    assert (done.returncode, done.stdout) == (0, "nothing to apply\n")


def test_a_command_that_writes_keeps_the_name_of_who_does_it(run, tmp_path, database_dsn):
    file = tmp_path / "history.jsonl"
    file.write_text(lines(REGISTERED, ISSUED))
    wrong = run("import", str(file), "--as", " li")
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert run("import", str(file), "--as", "li.na").returncode == 0
    assert (
        run("vendor", "add", "w", "--name", "W", "--benefit", "dental-care=9", "--as", "wang").returncode == 0
    )

    async def names():
        connection = await asyncpg.connect(database_dsn)
        found = [
            await connection.fetch(f"select distinct subject from {table}")
            for table in ("policy_events", "entries", "contract_terms")
        ]
        await connection.close()
        return found

    assert asyncio.run(names()) == [[("li.na",)], [("li.na",)], [("wang",)]]


def test_a_history_is_imported_and_again_changes_nothing_and_is_verified(run, tmp_path, database_dsn):
    file = tmp_path / "history.jsonl"
    file.write_text(lines(REGISTERED, ISSUED))
    first = run("import", str(file))
    assert first.returncode == 0, first.stderr
    assert first.stdout == "customers 1, policies 1, events taken 2, repeated 0, refused 0\n"
    again = run("import", "history.jsonl", "--as", "li.na")
    assert again.stdout == "customers 0, policies 0, events taken 0, repeated 2, refused 0\n"
    assert run("verify").returncode == 0

    async def tamper():
        connection = await asyncpg.connect(database_dsn)
        for table in ("policy_events", "entries"):
            assert await connection.fetch(f"select distinct subject from {table}") == [("cli",)]
        await connection.execute("alter table rating_periods disable trigger user")
        await connection.execute("update rating_periods set star = 5 where star = 2")
        await connection.close()

    asyncio.run(tamper())
    found = run("verify")
    assert found.returncode == 1
    assert found.stderr.startswith("customer M1 (id 1), rating version 1: it has star 5")
    assert len(found.stderr.splitlines()) == 1


def test_a_compressed_history_and_standard_input_are_read(run, tmp_path):
    with gzip.open(tmp_path / "history.jsonl.gz", "wt") as packed:
        packed.write(lines(REGISTERED))
    assert "events taken 1" in run("import", "history.jsonl.gz").stdout
    assert "events taken 1, repeated 1" in run("import", "-", stdin=lines(REGISTERED, ISSUED)).stdout


def test_a_file_that_is_only_called_compressed_is_refused_in_one_line(run, tmp_path):
    (tmp_path / "history.jsonl.gz").write_text(lines(REGISTERED))
    done = run("import", "history.jsonl.gz")
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1


def test_a_bad_line_undoes_everything_and_is_named(run, tmp_path):
    (tmp_path / "history.jsonl").write_text(lines(REGISTERED, UNKNOWN_POLICY, ISSUED) + "nonsense\n")
    done = run("import", "history.jsonl")
    assert done.returncode == 1
    assert "line 4: " in done.stderr
    assert done.stdout.startswith("nothing was changed")
    assert "events taken 2, repeated 0" in run("import", "-", stdin=lines(REGISTERED, ISSUED)).stdout


def test_keeping_going_leaves_out_the_bad_lines_only_and_keeps_them_aside(run, tmp_path):
    (tmp_path / "history.jsonl").write_text(lines(REGISTERED, UNKNOWN_POLICY, ISSUED) + "nonsense\n")
    done = run("import", "--keep-going", "history.jsonl")
    assert done.returncode == 1
    assert [line.split(":")[0] for line in done.stderr.splitlines()] == ["line 2", "line 4"]
    assert done.stdout == "customers 1, policies 1, events taken 2, repeated 0, refused 2\n"
    assert (tmp_path / "history.jsonl.rejected").read_text() == lines(UNKNOWN_POLICY) + "nonsense\n"


def test_the_lines_left_out_are_those_of_the_last_import(run, tmp_path):
    history, rejected = tmp_path / "history.jsonl", tmp_path / "history.jsonl.rejected"
    history.write_text(lines(REGISTERED) + "nonsense\n")
    assert run("import", "--keep-going", "history.jsonl").returncode == 1
    assert rejected.exists()
    history.write_text(lines(REGISTERED))
    assert run("import", "history.jsonl").returncode == 0
    assert rejected.exists(), "only an import that keeps going writes there"
    assert run("import", "--keep-going", "history.jsonl").returncode == 0
    assert not rejected.exists()


def test_a_stream_is_read_from_a_pipe_by_name(run):
    assert "events taken 2" in run("import", "/dev/stdin", stdin=lines(REGISTERED, ISSUED)).stdout


def test_a_first_price_holds_without_a_day_and_a_further_one_from_today(run, database_dsn):
    for price in ("120.50", "120.50", "130"):
        assert run("vendor", "add", "d-1", "--name", "D", "--benefit", f"dental-care={price}").returncode == 0

    async def stored():
        connection = await asyncpg.connect(database_dsn)
        try:
            return await connection.fetch(
                "select unit_price, starts_on, ends_on from contract_terms order by starts_on"
            )
        finally:
            await connection.close()

    first, second = asyncio.run(stored())
    assert (str(first["unit_price"]), first["starts_on"].year) == ("120.50", 1990)
    assert (str(second["unit_price"]), second["starts_on"], second["ends_on"]) == (
        "130.00",
        second["starts_on"],
        None,
    )
    assert second["starts_on"] > first["starts_on"]
    assert first["ends_on"] is None, "terms stay as they were registered"


def test_a_variant_is_priced_apart_from_today_or_from_a_day_and_the_tolerance_is_kept(run, database_dsn):
    def add(*options):
        return run("vendor", "add", "e-1", "--name", "E", *options)

    assert add("--benefit", "physical-exam=680", "--date-tolerance", "5").returncode == 0
    assert add("--benefit", "physical-exam/高端体检=1200").returncode == 0
    assert add("--benefit", "physical-exam/尊享体检=900", "--from", "2031-01-01").returncode == 0
    assert add("--benefit", "physical-exam/=900").returncode == 2
    assert add("--date-tolerance", "32").returncode == 2

    async def stored():
        connection = await asyncpg.connect(database_dsn)
        try:
            terms = await connection.fetch("select variant, starts_on from contract_terms order by starts_on")
            return terms, await connection.fetchval("select date_tolerance_days from vendors")
        finally:
            await connection.close()

    terms, days = asyncio.run(stored())
    assert [each["variant"] for each in terms] == [None, "高端体检", "尊享体检"]
    assert str(terms[2]["starts_on"]) == "2031-01-01"
    assert terms[1]["starts_on"] > terms[0]["starts_on"]
    assert days == 5


def test_a_vendor_is_registered_with_its_contract_and_grants_are_repeatable(run):
    done = run("vendor", "add", "dental-1", "--name", "Dental", "--benefit", "dental-care=120.50")
    assert done.returncode == 0, done.stderr
    assert done.stdout == "vendor dental-1 (Dental): 1 term\n"
    refused = run("vendor", "add", "dental-1", "--name", "Dental", "--benefit", "teeth=1")
    assert refused.returncode == 1
    assert len(refused.stderr.splitlines()) == 1
    run("import", "-", stdin=lines(REGISTERED, ISSUED))
    assert run("grant").returncode == 0
    assert run("grant").stdout == "0 entries posted\n"


def test_rating_again_changes_nothing_that_is_right(run):
    run("import", "-", stdin=lines(REGISTERED, ISSUED))
    done = run("rerate")
    assert done.returncode == 0, done.stderr
    unknown = run("rerate", "--edition", "zhenxuan-99")
    assert unknown.returncode == 1
    assert "zhenxuan-1" in unknown.stderr


def test_ctrl_c_while_the_program_is_brought_in_ends_it_without_a_traceback(monkeypatch):
    class Interrupted:
        def __getattr__(self, name):
            raise KeyboardInterrupt

    monkeypatch.setitem(sys.modules, "app.cli", Interrupted())
    with pytest.raises(SystemExit, match="130"):
        start.main()


@pytest.mark.chaos
def test_ctrl_c_at_any_moment_ends_a_command_without_a_traceback(database_dsn, tmp_path):
    rng = chance("ctrl-c")
    environment = {**os.environ, "DATABASE_URL": database_dsn, "ENTITLEMENTS_DATA": str(tmp_path)}
    program = "print(flush=True); from app.start import main; main()"
    for _ in range(kills(12)):
        process = subprocess.Popen(
            [sys.executable, "-c", program, "migrate"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
        )
        process.stdout.readline()
        time.sleep(rng.uniform(0, 1))
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=30)
        assert "Traceback" not in said, said
        # -2: Python itself was ending already. A shell calls that 130 as well.
        assert process.returncode in {0, 130, -signal.SIGINT}, said


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_that_comes_within_a_finaliser_is_not_lost(number):
    class Finalised:
        def __del__(self):
            signal.raise_signal(number)

    begun = time.monotonic()
    with ending_on_sigterm(), pytest.raises(KeyboardInterrupt):  # noqa: PT012 - both lines are what is interrupted
        Finalised()
        time.sleep(60)
    assert time.monotonic() - begun < 60
