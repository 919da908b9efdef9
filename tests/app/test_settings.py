"""A wrong setting stops the start and is named; production refuses what is only for demonstrations."""

import secrets
from datetime import UTC, datetime

import pytest

from app.clock import Clock
from app.editions import read_handbook
from app.errors import StartError
from app.identity.keys import key_ring
from app.settings import load_settings, variable_names
from app.settings import settings as settings_module
from app.settings.weak_keys import weakness

KEY = "c0IAdnmFZcAFIEhTI4jhNEw9o7gMiGbhkOYhx1Qd7lQ"
SHORT = "k" * 31


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch):
    for name in (*variable_names(), "PGHOST", "PGSSLMODE"):
        monkeypatch.delenv(name, raising=False)


def test_without_any_setting_it_is_a_development_service_with_an_embedded_database():
    settings = load_settings()
    assert not settings.production
    assert settings.service_dsn is None
    assert settings.owner_dsn is None
    assert str(settings.data) == ".data"
    assert settings.shows_graphiql
    assert settings.allows_introspection


def test_the_command_line_wins_over_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("ENTITLEMENTS_DATA", "/elsewhere")
    assert str(load_settings().data) == "/elsewhere"
    assert load_settings(data=tmp_path).data == tmp_path
    assert str(load_settings(data=None).data) == "/elsewhere"


def test_an_empty_variable_is_as_none(monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "")
    monkeypatch.setenv("ENTITLEMENTS_CLOCK", "")
    assert load_settings().service_dsn is None
    assert load_settings().clock is None


def test_the_owner_of_the_database_is_by_default_the_one_who_serves(monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgres://service@db/e")
    assert load_settings().owner_dsn == "postgres://service@db/e"
    monkeypatch.setenv("DATABASE_OWNER_URL", "postgresql://owner@db/e")
    assert load_settings().owner_dsn == "postgresql://owner@db/e"
    assert load_settings().service_dsn == "postgres://service@db/e"


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("ENTITLEMENTS_CLOCK", "yesterday", "ENTITLEMENTS_CLOCK"),
        ("ENTITLEMENTS_CLOCK", "2026-13-01T09:00:00", "ENTITLEMENTS_CLOCK"),
        ("ENTITLEMENTS_ENV", "staging", "ENTITLEMENTS_ENV"),
        ("ENTITLEMENTS_TOKEN_KEY", SHORT, "at least 32 bytes"),
        ("ENTITLEMENTS_TOKEN_KEYS", f"{KEY} {SHORT}", "at least 32 bytes"),
        ("ENTITLEMENTS_TOKEN_KEYS", "\t \t \t", "holds no key"),
        ("ENTITLEMENTS_TOKEN_MAX_HOURS", "0", "ENTITLEMENTS_TOKEN_MAX_HOURS"),
        ("ENTITLEMENTS_TOKEN_ISSUER", "     ", "ENTITLEMENTS_TOKEN_ISSUER"),
        ("ENTITLEMENTS_LOG_LEVEL", "nonsense", "ENTITLEMENTS_LOG_LEVEL"),
        ("ENTITLEMENTS_CLOCK", "9999-12-31T23:59:59", "1900 to 2199"),
        ("ENTITLEMENTS_DATA", "~nobody-of-this-name/data", "ENTITLEMENTS_DATA"),
        ("ENTITLEMENTS_POOL_SIZE", "many", "ENTITLEMENTS_POOL_SIZE"),
        ("ENTITLEMENTS_MAX_BODY_BYTES", "-1", "ENTITLEMENTS_MAX_BODY_BYTES"),
        ("DATABASE_URL", "mysql://root:secret@db/e", "DATABASE_URL"),
        ("DATABASE_URL", "postgres://[service/e", "is no address"),
        ("DATABASE_URL", "postgres://service@db:many/e", "a port is a number"),
        ("DATABASE_URL", "postgres://service@one:5432,two:99999/e", "a port is a number"),
        ("DATABASE_URL", "postgres://service@db/e?sslmode=always", "sslmode must be one of"),
        ("DATABASE_URL", "postgres://service@db/e?sslmode", "is no address"),
        ("DATABASE_OWNER_URL", "postgres://owner@db/e", "set DATABASE_URL too"),
    ],
)
def test_a_wrong_setting_is_named_and_its_value_is_not_shown(monkeypatch, name, value, said):
    monkeypatch.setenv(name, value)
    with pytest.raises(StartError) as caught:
        load_settings()
    assert said in str(caught.value)
    assert value not in str(caught.value) or len(value) < 4


def test_a_frozen_clock_without_an_offset_is_business_time(monkeypatch):
    monkeypatch.setenv("ENTITLEMENTS_CLOCK", "2026-10-01T09:00:00")
    assert load_settings().clock == datetime(2026, 10, 1, 1, tzinfo=UTC)


GARBAGE = (
    "nonsense",
    "\udcff",
    "-1",
    "1e999",
    "9" * 5000,
    "[",
    "{}",
    " ",
    "~",
    "\x1b[0m",
    "null",
    "http://[",
)


@pytest.mark.parametrize("value", GARBAGE, ids=lambda value: ascii(value)[:12])
@pytest.mark.parametrize("name", sorted(variable_names()))
def test_whatever_a_setting_holds_is_taken_or_refused_by_its_name(monkeypatch, tmp_path, name, value):
    monkeypatch.setenv("DATABASE_URL", "postgres://localhost/e")
    monkeypatch.setenv(name, value)
    said = ""
    try:
        settings = load_settings(data=tmp_path)
        if name == "ENTITLEMENTS_JWKS":
            key_ring(settings)
        elif name == "ENTITLEMENTS_EDITIONS":
            read_handbook(settings)
    except StartError as error:
        said = str(error)
    assert not said or name in said or (name == "ENTITLEMENTS_EDITIONS" and "handbook" in said)
    assert len(said) < 400


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("ENTITLEMENTS_CLOK", "did you mean ENTITLEMENTS_CLOCK?"),
        ("ENTITLEMENTS_TOKENKEY", "did you mean ENTITLEMENTS_TOKEN_KEY"),
        ("ENTITLEMENTS_DATABASE_URL", "did you mean "),
        ("entitlements_dat", "did you mean ENTITLEMENTS_DATA"),
        ("ENTITLEMENTS_", "there is no such setting"),
    ],
)
def test_a_misspelt_setting_stops_the_start_and_is_named(monkeypatch, name, said):
    monkeypatch.setenv(name, "hunter2")
    with pytest.raises(StartError) as caught:
        load_settings()
    assert name in str(caught.value)
    assert said in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_what_is_not_ours_and_what_is_written_small_is_no_mistake(monkeypatch):
    monkeypatch.setenv("ENTITLEMENT_DATA", "x")
    monkeypatch.setenv("DATABASE_ULR", "x")
    monkeypatch.setenv("entitlements_pool_size", "7")
    assert load_settings().pool_size == 7


def test_one_key_or_several_are_given_not_both(monkeypatch):
    monkeypatch.setenv("ENTITLEMENTS_TOKEN_KEYS", f"{KEY}  {KEY[::-1]}")
    assert load_settings().secrets == (KEY, KEY[::-1])
    monkeypatch.setenv("ENTITLEMENTS_TOKEN_KEY", KEY)
    with pytest.raises(StartError, match="set one of them"):
        load_settings()


FAR = "postgres://service:hunter2@db.example/e"
INSECURE = [
    ({"ENTITLEMENTS_CLOCK": "2026-10-01T09:00:00+08:00"}, "ENTITLEMENTS_CLOCK: a frozen clock is refused"),
    (
        {"ENTITLEMENTS_JWKS": "http://issuer.example/jwks.json"},
        "ENTITLEMENTS_JWKS: over http:// the keys could be replaced",
    ),
    ({"DATABASE_URL": FAR}, "DATABASE_URL: the way to the database is not encrypted"),
    ({"DATABASE_URL": f"{FAR}?sslmode=prefer"}, "DATABASE_URL: the way"),
    ({"DATABASE_URL": "postgres://u@localhost:1,db.example:2/e"}, "DATABASE_URL: the way"),
    ({"DATABASE_URL": "postgres:///e?host=db.example"}, "DATABASE_URL: the way"),
    ({"DATABASE_URL": f"{FAR}?sslmode=require", "DATABASE_OWNER_URL": FAR}, "DATABASE_OWNER_URL: the way"),
    *(
        ({"ENTITLEMENTS_TOKEN_KEY": key}, "ENTITLEMENTS_TOKEN_KEY: ")
        for key in (
            "k" * 32,
            "hunter2!" * 8,
            "0123456789abcdef0123456789abcdef",
            "our-SECRET-wFdRbxTzLtUBSoQpVUh1aYe7",
            "change-me-wFdRbxTzLtUBSoQpVUh1aYe7x",
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbbcccc",
        )
    ),
    ({"ENTITLEMENTS_METRICS_TOKEN": "k" * 40}, "ENTITLEMENTS_METRICS_TOKEN: repeats itself"),
    ({"ENTITLEMENTS_TOKEN_KEYS": f"{KEY} {'k' * 40}"}, "ENTITLEMENTS_TOKEN_KEYS: key 2 repeats itself"),
]


@pytest.mark.parametrize(("given", "said"), INSECURE, ids=lambda each: each if isinstance(each, str) else "")
def test_production_refuses_what_development_may_do(monkeypatch, given, said):
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    load_settings()
    monkeypatch.setenv("ENTITLEMENTS_ENV", "production")
    with pytest.raises(StartError) as caught:
        load_settings()
    assert said in str(caught.value)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "postgres://u@localhost/e",
        "postgres://u@127.0.0.2:5433/e",
        "postgres://u@[::1]:5433/e",
        "postgres:///e",
        "postgres:///e?host=%2Frun%2Fpostgresql",
        "postgres://u@%2Frun%2Fpostgresql/e",
        f"{FAR}?sslmode=require",
        f"{FAR}?sslmode=verify-full",
    ],
)
def test_production_takes_a_database_over_an_encrypted_or_local_connection(monkeypatch, url):
    monkeypatch.setenv("ENTITLEMENTS_ENV", "production")
    monkeypatch.setenv("DATABASE_URL", url)
    assert load_settings().service_dsn == url


def test_a_private_network_to_the_database_is_said_to_be_one(monkeypatch):
    monkeypatch.setenv("ENTITLEMENTS_ENV", "production")
    monkeypatch.setenv("DATABASE_URL", FAR)
    monkeypatch.setenv("ENTITLEMENTS_DATABASE_PLAINTEXT", "true")
    assert load_settings().database_plaintext
    monkeypatch.delenv("ENTITLEMENTS_DATABASE_PLAINTEXT")
    monkeypatch.setenv("PGSSLMODE", "verify-full")
    assert load_settings().service_dsn == FAR


def test_keys_made_by_chance_are_strong_enough():
    for _ in range(200):
        assert weakness(secrets.token_urlsafe(32)) is None
        assert weakness(secrets.token_hex(32)) is None


def test_production_does_not_start_without_a_key_from_outside(monkeypatch, tmp_path):
    monkeypatch.setenv("ENTITLEMENTS_ENV", "production")
    with pytest.raises(StartError, match="ENTITLEMENTS_TOKEN_KEY or ENTITLEMENTS_JWKS"):
        key_ring(load_settings(data=tmp_path))
    assert not list(tmp_path.iterdir())
    monkeypatch.setenv("ENTITLEMENTS_TOKEN_KEY", KEY)
    ring = key_ring(load_settings(data=tmp_path))
    assert ring.secret is not None
    assert ring.secret.key == KEY.encode()


def test_production_shows_no_query_page_unless_told_to(monkeypatch):
    monkeypatch.setenv("ENTITLEMENTS_ENV", "production")
    assert not load_settings().shows_graphiql
    assert not load_settings().allows_introspection
    monkeypatch.setenv("ENTITLEMENTS_GRAPHIQL", "true")
    assert load_settings().shows_graphiql


def test_secrets_do_not_show_in_the_settings(monkeypatch):
    monkeypatch.setenv("ENTITLEMENTS_TOKEN_KEY", KEY)
    monkeypatch.setenv("DATABASE_URL", "postgres://service:hunter2@db/e")
    shown = repr(load_settings())
    assert KEY not in shown
    assert "hunter2" not in shown


def test_a_frozen_clock_stands_still_and_another_does_not():
    moment = datetime(2026, 10, 1, tzinfo=UTC)
    assert Clock(frozen_at=moment)() == moment
    assert abs((Clock()() - datetime.now(UTC)).total_seconds()) < 5
    assert Clock()().tzinfo is UTC


@pytest.mark.parametrize(
    ("available", "given", "workers"),
    [
        (1, {}, 1),
        (2, {}, 2),
        (64, {}, 5),
        (64, {"pool_size": 60}, 1),
        (64, {"pool_size": 200}, 1),
        (64, {"database_url": "postgresql://u@h/d"}, 2),
    ],
)
def test_there_is_a_worker_for_each_processor_while_the_database_allows_it(
    monkeypatch, available, given, workers
):
    monkeypatch.setattr(settings_module, "processors", lambda: available)
    for name, value in given.items():
        monkeypatch.setenv("DATABASE_URL" if name == "database_url" else f"ENTITLEMENTS_{name}", str(value))
    assert load_settings().usual_workers == workers
