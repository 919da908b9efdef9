"""Nothing is made, neither folder nor database, by a command whose settings are misspelt or insecure."""

import sys
from collections.abc import Iterator

import pytest
import typer

from app.cli import cli, main
from handbook import SHIPPED_EDITIONS

KEY = "c0IAdnmFZcAFIEhTI4jhNEw9o7gMiGbhkOYhx1Qd7lQ"
_MONTH = ("--vendor", "v", "--period", "2026-10")

# The arguments that each command needs at least.
COMMANDS = {
    "edition activate": ("zhenxuan-2",),
    "edition check": (str(SHIPPED_EDITIONS / "zhenxuan-1"),),
    "edition diff": ("zhenxuan-1", "zhenxuan-2"),
    "edition list": (),
    "edition what-if": ("zhenxuan-2",),
    "export entries": (),
    "export findings": (*_MONTH, "--out", "findings.csv"),
    "export settlement": (*_MONTH, "--out", "settlement.csv"),
    "findings apply": ("sheet.csv",),
    "grant": (),
    "import": ("-",),
    "migrate": (),
    "period close": _MONTH,
    "period reconcile": _MONTH,
    "period show": _MONTH,
    "report liability": (),
    "report usage": ("--from", "2026-10-01", "--to", "2026-11-01"),
    "rerate": (),
    "revoke": ("--subject", "somebody"),
    "schema": (),
    "serve": ("--port", "0"),
    "statement import": ("sheet.csv", *_MONTH),
    "statement list": (),
    "statement preview": ("sheet.csv",),
    "statement withdraw": ("1", "--vendor", "v", "--note", "n"),
    "token": ("--role", "finance"),
    "vendor add": ("v", "--name", "V"),
    "verify": (),
}


def _leaves(command: typer.core.TyperCommand, path: tuple[str, ...] = ()) -> Iterator[str]:
    nested = getattr(command, "commands", None)
    if nested is None:
        yield " ".join(path)
        return
    for name, each in nested.items():
        yield from _leaves(each, (*path, name))


@pytest.fixture
def run(monkeypatch, capsys, tmp_path):
    """Run a command in an empty folder; its exit code, and what it said wrong."""
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sheet.csv").touch()

    def run(command: str, *arguments: str, **settings: str) -> tuple[int, str]:
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(sys, "argv", ["entitlements", *command.split(), *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        assert not said.out
        assert [each.name for each in tmp_path.iterdir()] == ["sheet.csv"]
        return ended.value.code, said.err

    return run


def test_every_command_is_known_here():
    assert sorted(_leaves(typer.main.get_command(cli))) == sorted(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_names_a_misspelt_setting_and_makes_nothing(run, command):
    code, said = run(command, *COMMANDS[command], ENTITLEMENTS_POOLSIZE="7")
    assert code == 1
    assert said == ("ENTITLEMENTS_POOLSIZE: there is no such setting; did you mean ENTITLEMENTS_POOL_SIZE?\n")


@pytest.mark.parametrize("command", ["serve", "token", "import", "migrate", "vendor add"])
@pytest.mark.parametrize(
    "settings",
    [
        {"ENTITLEMENTS_CLOCK": "2026-10-01T09:00:00+08:00"},
        {"ENTITLEMENTS_JWKS": "http://issuer.example/jwks.json"},
        {"ENTITLEMENTS_TOKEN_KEY": "0123456789abcdef0123456789abcdef"},
        {"DATABASE_URL": "postgres://service@db.example/e"},
    ],
    ids=lambda settings: next(iter(settings)),
)
def test_production_refuses_what_is_insecure_before_it_makes_anything(run, command, settings):
    given = {"ENTITLEMENTS_ENV": "production", "ENTITLEMENTS_TOKEN_KEY": KEY, **settings}
    code, said = run(command, *COMMANDS[command], **given)
    assert code == 1
    assert len(said.splitlines()) == 1
    assert said.startswith(next(iter(settings)))


@pytest.mark.parametrize("command", ["serve", "token"])
@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"ENTITLEMENTS_JWKS": "no-such-file.json"},
        {"ENTITLEMENTS_JWKS": "https://127.0.0.1:1/jwks.json"},
        {"ENTITLEMENTS_JWKS": "https://[/jwks.json"},
        {"ENTITLEMENTS_JWKS": "https://127.0.0.1:port/jwks.json"},
    ],
    ids=lambda settings: "".join(settings.values()) or "no key",
)
def test_production_without_a_key_to_check_tokens_with_makes_nothing(run, command, settings):
    code, said = run(command, *COMMANDS[command], ENTITLEMENTS_ENV="production", **settings)
    assert code == 1
    assert len(said.splitlines()) == 1
    assert "ENTITLEMENTS_JWKS" in said


def test_production_refuses_the_demonstration_before_it_makes_anything(run):
    code, said = run(
        "serve", "--port", "0", "--demo", ENTITLEMENTS_ENV="production", ENTITLEMENTS_TOKEN_KEY=KEY
    )
    assert code == 1
    assert said == "--demo is refused when ENTITLEMENTS_ENV=production\n"


@pytest.mark.parametrize(
    ("name", "value"), [("ENTITLEMENTS_CLOCK", "garbage"), ("ENTITLEMENTS_LOG_LEVEL", "nonsense")]
)
@pytest.mark.parametrize("command", ["serve", "verify", "schema", "token"])
def test_a_setting_that_cannot_be_read_is_one_line(run, command, name, value):
    code, said = run(command, *COMMANDS[command], **{name: value})
    assert code == 1
    assert len(said.splitlines()) == 1
    assert said.startswith(f"{name}: ")


def test_a_token_for_longer_than_allowed_is_a_usage_error(run):
    code, said = run("token", "--role", "finance", "--hours", "25")
    assert code == 2
    assert "ENTITLEMENTS_TOKEN_MAX_HOURS" in said


@pytest.mark.parametrize(
    "arguments",
    [(), ("--jti", "x", "--subject", "y"), ("--jti", ""), ("--subject", " finance"), ("--jti", "x" * 201)],
    ids=str,
)
def test_a_revocation_that_means_nothing_is_a_usage_error(run, arguments):
    assert run("revoke", *arguments)[0] == 2
