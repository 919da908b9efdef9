"""The keys that verify tokens: a secret of our own, or the public keys of the issuer.

In development the secret is generated on the first start and kept in the data folder, readable only by its owner. In
production a key must be configured, or the service does not start. There may be several secrets at once: the first
signs and all verify, so that a secret can be changed while tokens of the former one are in use.

Public keys are fetched again when a token names an unknown one, but at most every half minute, so that forged tokens
cause no storm of requests.
"""

import asyncio
import hashlib
import os
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from secrets import token_urlsafe
from typing import Any, ClassVar

from jwt import PyJWKClient, PyJWKSet, PyJWTError

from app.errors import StartError
from app.settings import Settings
from app.settings.types import SHORTEST_KEY_BYTES

_KEY_FILE = "token.key"
_KEY_ID_DIGITS = 8
_FETCH_TIMEOUT_S = 5.0
_FETCH_EVERY_S = 30.0
_FETCH_AFTER_S = 600.0

# A public key is used with the algorithm that its set names, else with that of its kind; no other is accepted.
_ALGORITHMS = frozenset({"RS256", "ES256", "EdDSA"})
# A malformed URL is a ValueError, a member of a wrong type any of the three after it.
_NO_KEY_SET = (PyJWTError, OSError, ValueError, KeyError, TypeError, AttributeError)


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretKey:
    """A shared secret: signs and verifies."""

    ALGORITHM: ClassVar[str] = "HS256"

    key: bytes
    algorithm: str = ALGORITHM

    @property
    def id(self) -> str:
        """Its id in tokens (`kid`), which reveals nothing about a random key."""
        return hashlib.sha256(self.key).hexdigest()[:_KEY_ID_DIGITS]


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicKey:
    """One key of a JWKS: only verifies."""

    key: Any
    algorithm: str


class KeyRing:
    """The known keys, by their ids."""

    def __init__(
        self, *, secret: bytes | None = None, former: Sequence[bytes] = (), jwks: str | None = None
    ) -> None:
        """Take a secret, or the address or file of public keys, or both; `load` reads the latter.

        Former secrets (or the next one, before it signs) only verify.
        """
        self.secret = SecretKey(key=secret) if secret is not None else None
        checking = [self.secret] if self.secret is not None else []
        checking += [SecretKey(key=key) for key in former]
        self._secrets = {key.id: key for key in checking}
        self._source = jwks
        self._public: dict[str | None, PublicKey] = {}
        self.edition = 0
        """Counts the fetches of public keys: cached verifications by earlier keys may be invalid."""
        self._fetched_at = float("-inf")
        self._refreshing = asyncio.Lock()

    def find(self, algorithm: str | None, key_id: str | None) -> tuple[SecretKey | PublicKey, ...]:
        """Return the keys that may have signed: the one of that id, or when the token names none, every candidate."""
        if algorithm == SecretKey.ALGORITHM:
            found: Iterable[SecretKey | PublicKey | None] = (
                self._secrets.values() if key_id is None else [self._secrets.get(key_id)]
            )
        elif key_id is None:
            found = self._public.values() if len(self._public) == 1 else ()
        else:
            found = [self._public.get(key_id)]
        return tuple(key for key in found if key is not None)

    def unknown(self, algorithm: str | None, key_id: str | None) -> bool:
        """Whether to fetch the public keys: the key is unknown, or they are old."""
        if self._source is None or algorithm == SecretKey.ALGORITHM:
            return False
        age_s = time.monotonic() - self._fetched_at
        return age_s > _FETCH_AFTER_S or (not self.find(algorithm, key_id) and age_s > _FETCH_EVERY_S)

    async def refresh(self) -> None:
        """Fetch the public keys anew; when that fails the known ones stay in use."""
        async with self._refreshing:
            if time.monotonic() - self._fetched_at < _FETCH_EVERY_S:
                return
            self._fetched_at = time.monotonic()
            try:
                await asyncio.to_thread(self.load)
            except StartError:
                return

    def load(self) -> None:
        """Fetch the public keys. Raises StartError when they cannot be fetched or none of them is usable."""
        if self._source is None:
            return
        keys = _public_keys(self._source)
        if not keys:
            raise StartError("ENTITLEMENTS_JWKS: holds no RS256, ES256 or EdDSA key")
        self._public = keys
        self.edition += 1
        self._fetched_at = time.monotonic()


def key_ring(settings: Settings) -> KeyRing:
    """Return the keys that the settings name; in development, without any, the one in the data folder.

    Raises StartError when there are none (production) or they cannot be read.
    """
    secrets = [key.encode() for key in settings.secrets]
    if not secrets and settings.jwks is None:
        if settings.production:
            raise StartError(
                "ENTITLEMENTS_TOKEN_KEY or ENTITLEMENTS_JWKS: one of them is needed when ENTITLEMENTS_ENV=production"
            )
        secrets = [_kept_secret(settings.data)]
    ring = KeyRing(secret=secrets[0] if secrets else None, former=secrets[1:], jwks=settings.jwks)
    ring.load()
    return ring


def _kept_secret(folder: Path) -> bytes:
    """Return the development key, made once; several processes may come here at the same time."""
    path = folder / _KEY_FILE
    try:
        if not path.exists():
            folder.mkdir(parents=True, exist_ok=True)
            fresh = folder / f"{_KEY_FILE}.{os.getpid()}"
            fresh.touch(mode=0o600)
            fresh.write_text(token_urlsafe(48) + "\n", encoding="ascii")
            try:
                os.link(fresh, path)  # unlike renaming it never replaces the key of a faster process
            except FileExistsError:
                pass
            finally:
                fresh.unlink()
        path.chmod(0o600)
        key = path.read_bytes().strip()
    except OSError as error:
        raise StartError(f"cannot keep the development key in {path}: {error.strerror}") from error
    if len(key) < SHORTEST_KEY_BYTES:
        raise StartError(
            f"the development key in {path} is too short: remove the file, and a new one is made"
        )
    return key


def _public_keys(source: str) -> dict[str | None, PublicKey]:
    """The keys of a set for accepted signature algorithms, by their ids."""
    return {
        key.key_id: PublicKey(key=key.key, algorithm=key.algorithm_name)
        for key in _key_set(source)
        if key.algorithm_name in _ALGORITHMS and key.public_key_use in {"sig", None}
    }


def _key_set(source: str) -> PyJWKSet:
    try:
        if source.startswith(("https://", "http://")):
            # Without its cache, which would drop the keys during an outage of the issuer. It follows no redirects.
            return PyJWKClient(source, cache_jwk_set=False, timeout=_FETCH_TIMEOUT_S).get_jwk_set()
        return PyJWKSet.from_json(Path(source.removeprefix("file://")).read_text(encoding="utf-8"))
    except _NO_KEY_SET as error:
        reason = type(error.__cause__ or error).__name__
        raise StartError(f"ENTITLEMENTS_JWKS: cannot be read as a JSON Web Key Set ({reason})") from None
