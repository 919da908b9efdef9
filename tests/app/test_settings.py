"""A wrong setting stops the start and is named; production refuses what is only for demonstrations."""

from datetime import UTC, datetime

import pytest

from app.clock import Clock
from app.errors import StartError
from app.keys import key_ring
from app.settings import Settings, load_settings

KEY = "k" * 32


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch):
    for name in Settings.model_fields:
        monkeypatch.delenv(f"ENTITLEMENTS_{name.upper()}", raising=False)
    for name in ("DATABASE_URL", "DATABASE_OWNER_URL"):
        monkeypatch.delenv(name, raising=False)


def test_without_any_setting_it_is_a_development_service_with_an_embedded_database():
    settings = load_settings()
    assert not settings.production
    assert settings.service_dsn is None
    assert settings.owner_dsn is None
    assert str(settings.data) == ".data"
    assert settings.shows_graphiql


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
        ("ENTITLEMENTS_TOKEN_KEY", "k" * 31, "at least 32 bytes"),
        ("ENTITLEMENTS_POOL_SIZE", "many", "ENTITLEMENTS_POOL_SIZE"),
        ("ENTITLEMENTS_MAX_BODY_BYTES", "-1", "ENTITLEMENTS_MAX_BODY_BYTES"),
        ("DATABASE_URL", "mysql://root:secret@db/e", "DATABASE_URL"),
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


def test_production_refuses_a_frozen_clock(monkeypatch):
    monkeypatch.setenv("ENTITLEMENTS_CLOCK", "2026-10-01T09:00:00+08:00")
    assert load_settings().clock == datetime(2026, 10, 1, 1, tzinfo=UTC)
    monkeypatch.setenv("ENTITLEMENTS_ENV", "production")
    with pytest.raises(StartError, match="frozen clock"):
        load_settings()


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
