"""Who asks, proved by a signed token: nothing in it is believed before its signature, issuer, audience and times hold.

The algorithm is pinned by the key that checks, never taken from the token: a shared secret checks HS256 only, a public
key only the algorithm of its kind. Times are the machine's, even under a frozen clock: a demonstration in the future
must not make expired tokens valid.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt

from app.keys import KeyRing, SecretKey
from app.settings import Settings
from schema.context import Role, Viewer

_LEEWAY = timedelta(seconds=30)
_REQUIRED = ["exp", "iat", "iss", "aud", "sub"]
_LONGEST_TOKEN = 8192
_LONGEST_CLAIM = 200


class TokenError(Exception):
    """A token is not valid; the text says why, for the log, and holds nothing of the token."""


class CannotIssueError(Exception):
    """Tokens are issued elsewhere: this service has public keys only (ENTITLEMENTS_JWKS)."""

    def __str__(self) -> str:
        return (
            "tokens are issued elsewhere (ENTITLEMENTS_JWKS): set ENTITLEMENTS_TOKEN_KEY to issue them here"
        )


class Tokens:
    """Issues and reads tokens with the keys of a ring."""

    def __init__(self, keys: KeyRing, *, issuer: str, audience: str) -> None:
        self._keys = keys
        self._issuer = issuer
        self._audience = audience

    def issue(
        self,
        role: Role,
        *,
        vendor: str | None = None,
        member: str | None = None,
        hours: float = 12,
        subject: str | None = None,
    ) -> str:
        """Sign a token. Raises CannotIssueError without a secret key, TokenError for claims that do not fit."""
        secret = self._keys.secret
        if secret is None:
            raise CannotIssueError
        now = datetime.now(UTC)
        claims = {
            "iss": self._issuer,
            "aud": self._audience,
            "sub": subject or vendor or member or role.value,
            "iat": now,
            "exp": now + timedelta(hours=hours),
            "role": role.value,
        }
        claims |= {
            name: value for name, value in (("vendor", vendor), ("member", member)) if value is not None
        }
        _viewer(claims)
        return jwt.encode(claims, secret.key, algorithm=secret.algorithm)

    async def viewer(self, token: str) -> Viewer:
        """Read a token, fetching the public keys anew if it was signed with an unknown one. Raises TokenError."""
        if self._keys.unknown(_key_id(token)):
            await self._keys.refresh()
        return self.read(token)

    def read(self, token: str) -> Viewer:
        """Check a token with the keys at hand and say who holds it. Raises TokenError."""
        key = self._keys.find(_key_id(token))
        if key is None:
            raise TokenError("signed with an unknown key")
        try:
            claims = jwt.decode(
                token,
                key.key,
                algorithms=[key.algorithm],
                issuer=self._issuer,
                audience=self._audience,
                leeway=_LEEWAY,
                options={"require": _REQUIRED},
            )
        except jwt.PyJWTError as error:
            raise TokenError(type(error).__name__) from None
        return _viewer(claims)


def _key_id(token: str) -> str | None:
    """Say which key a token names; for a shared secret that is none."""
    if len(token) > _LONGEST_TOKEN:
        raise TokenError("too long")
    try:
        header = jwt.get_unverified_header(token)
    except jwt.PyJWTError as error:
        raise TokenError(type(error).__name__) from None
    key_id = header.get("kid")
    return SecretKey.ID if header.get("alg") == SecretKey.ALGORITHM else key_id


def _viewer(claims: Mapping[str, Any]) -> Viewer:
    try:
        role = Role(claims.get("role", ""))
    except ValueError:
        raise TokenError("the role is missing or unknown") from None
    vendor, member = _text(claims, "vendor"), _text(claims, "member")
    if (role is Role.VENDOR) != (vendor is not None):
        raise TokenError("the role vendor, and no other, needs the claim vendor")
    if member is not None and role is not Role.FRONTEND:
        raise TokenError("only the role frontend may have the claim member")
    subject = _text(claims, "sub")
    if subject is None:
        raise TokenError("the subject is empty")
    return Viewer(role=role, vendor=vendor, member=member, subject=subject)


def _text(claims: Mapping[str, Any], name: str) -> str | None:
    value = claims.get(name)
    if value is None:
        return None
    if not isinstance(value, str) or not 0 < len(value) <= _LONGEST_CLAIM or not value.isprintable():
        raise TokenError(f"the claim {name} is not a printable text of 1 to {_LONGEST_CLAIM} characters")
    return value


def tokens_of(settings: Settings, keys: KeyRing) -> Tokens:
    """The tokens of this installation."""
    return Tokens(keys, issuer=settings.token_issuer, audience=settings.token_audience)
