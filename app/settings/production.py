"""What ENTITLEMENTS_ENV=production refuses for every command: checked with the settings, before anything is created.

Each rule is a function of the settings that returns a problem, or None. That a key is configured at all is checked by
the key ring (`app.identity.keys`): commands without tokens (`migrate`, `grant`) need none.
"""

from collections.abc import Callable, Iterator

from app.settings.database_address import is_private
from app.settings.settings import Settings
from app.settings.weak_keys import weakness


def insecure(settings: Settings) -> Iterator[str]:
    """The settings that are not fit for production, a line each; empty in development."""
    if not settings.production:
        return
    for rule in _RULES:
        wrong = rule(settings)
        if wrong is not None:
            yield f"{wrong} (ENTITLEMENTS_ENV=production)"


def _clock_is_real(settings: Settings) -> str | None:
    return "ENTITLEMENTS_CLOCK: a frozen clock is refused" if settings.clock is not None else None


def _keys_are_random(settings: Settings) -> str | None:
    name = "ENTITLEMENTS_TOKEN_KEY" if settings.token_key is not None else "ENTITLEMENTS_TOKEN_KEYS"
    for number, key in enumerate(settings.secrets, 1):
        wrong = weakness(key)
        if wrong is not None:
            which = f"key {number} " if name.endswith("S") else ""
            return f"{name}: {which}{wrong}: take one that was made by chance (`openssl rand -base64 48`)"
    return None


def _metrics_token_is_random(settings: Settings) -> str | None:
    token = settings.metrics_token
    wrong = weakness(token.get_secret_value()) if token is not None else None
    return f"ENTITLEMENTS_METRICS_TOKEN: {wrong}: take one that was made by chance" if wrong else None


def _public_keys_come_unchanged(settings: Settings) -> str | None:
    if settings.jwks is not None and settings.jwks.startswith("http://"):
        return (
            "ENTITLEMENTS_JWKS: over http:// the keys could be replaced on the way: use https://, or a file"
        )
    return None


def _database_is_reached_in_secret(settings: Settings) -> str | None:
    if settings.database_plaintext:
        return None
    for name, url in (("DATABASE_URL", settings.service_dsn), ("DATABASE_OWNER_URL", settings.owner_dsn)):
        if url is not None and not is_private(url):
            return (
                f"{name}: the way to the database is not encrypted for certain: add sslmode=verify-full "
                "(at least sslmode=require), or accept it with ENTITLEMENTS_DATABASE_PLAINTEXT=true"
            )
    return None


_RULES: tuple[Callable[[Settings], str | None], ...] = (
    _clock_is_real,
    _keys_are_random,
    _metrics_token_is_random,
    _public_keys_come_unchanged,
    _database_is_reached_in_secret,
)
