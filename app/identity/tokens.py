"""Signed tokens: a claim is used only after signature, issuer, audience and times are verified.

The verifying key determines the algorithm, never the token: a shared secret is for HS256 only, a public key only for
the algorithm of its kind. Times are compared with the machine's clock, even under a frozen clock: a demonstration in
the past must not make expired tokens valid.

A claim that is present must hold a text, or the token is refused: `member: null` must not mean a front end of all
members. What each claim means is in docs/tokens.md.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import uuid4

import jwt
from cachetools import LRUCache

from app.identity.keys import KeyRing
from app.identity.revocations import Revocations
from app.settings import Settings
from schema.viewer import Role, Viewer

LEEWAY = timedelta(seconds=30)
"""By how much the clocks of issuers may differ from ours."""

_REQUIRED = ["exp", "iat", "iss", "aud", "sub"]
_TEXTS = ("iss", "sub", "jti", "role", "vendor", "member")
_LONGEST_TOKEN = 8192
_LONGEST_CLAIM = 200
_MOST_PROVED_BYTES = 8 * 1024 * 1024
_BYTES_A_CHARACTER = 4
"""The memory of a cached token and what it says, per character of the token."""


class TokenError(Exception):
    """A token is not valid; the text gives the reason, for the log, without any of the token's content."""


class CannotIssueError(Exception):
    """Tokens are issued elsewhere: this service has public keys only (ENTITLEMENTS_JWKS)."""

    def __str__(self) -> str:
        return (
            "tokens are issued elsewhere (ENTITLEMENTS_JWKS): set ENTITLEMENTS_TOKEN_KEY to issue them here"
        )


class _Proved(NamedTuple):
    """What a token says whose signature, issuer, audience, times and claims are verified."""

    viewer: Viewer
    subject: str
    issued_at: float
    ends_at: float
    """When it expires, as `issued_at` in seconds of the epoch."""
    signed_by: tuple[str | None, str | None]
    weight_bytes: int
    """Its size in the cache."""


class Tokens:
    """Issues and verifies tokens with the keys of a ring; `revocations` says which are revoked."""

    def __init__(self, keys: KeyRing, *, issuer: str, audience: str, longest_hours: int = 24) -> None:
        self.revocations = Revocations()
        self.longest_hours = longest_hours
        self._keys = keys
        self._issuer = issuer
        self._audience = audience
        # Cached: a client sends one token with all its requests, and verifying it costs more than refusing a request.
        self._proved: LRUCache[tuple[int, str], _Proved] = LRUCache(
            _MOST_PROVED_BYTES, getsizeof=lambda proved: proved.weight_bytes
        )

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
        now = int(datetime.now(UTC).timestamp())
        claims = {
            "iss": self._issuer,
            "aud": self._audience,
            "sub": next(name for name in (subject, vendor, member, role.value) if name is not None),
            "jti": uuid4().hex,
            "iat": now,
            "exp": now + round(hours * 3600),
            "role": role.value,
        }
        claims |= {
            name: value for name, value in (("vendor", vendor), ("member", member)) if value is not None
        }
        holder, issued_at = self._viewer(claims)
        self._check_revoked(holder, str(claims["sub"]), issued_at)
        return jwt.encode(claims, secret.key, algorithm=secret.algorithm, headers={"kid": secret.id})

    async def viewer(self, token: str) -> Viewer:
        """Verify a token, fetching the public keys again if it was signed with an unknown one. Raises TokenError."""
        known = self._known(token)
        if self._keys.unknown(*(known.signed_by if known is not None else _signed_by(token))):
            await self._keys.refresh()
        return self.read(token)

    def read(self, token: str) -> Viewer:
        """Verify a token with the known keys and return its viewer. Raises TokenError."""
        proved = self._known(token)
        if proved is None:
            proved = self._proved[self._keys.edition, token] = self._prove(token)
        self._check_revoked(proved.viewer, proved.subject, proved.issued_at)
        return proved.viewer

    def _known(self, token: str) -> _Proved | None:
        """A token that was verified with the known keys and has not expired."""
        proved = self._proved.get((self._keys.edition, token))
        return proved if proved is not None and datetime.now(UTC).timestamp() < proved.ends_at else None

    def _prove(self, token: str) -> _Proved:
        """Verify a token. Raises TokenError."""
        signed_by = _signed_by(token)
        claims = self._claims(token, signed_by)
        viewer, issued_at = self._viewer(claims)
        return _Proved(
            viewer=viewer,
            subject=claims["sub"],
            issued_at=issued_at,
            ends_at=float(claims["exp"]) + LEEWAY.total_seconds(),
            signed_by=signed_by,
            weight_bytes=len(token) * _BYTES_A_CHARACTER,
        )

    def _claims(self, token: str, signed_by: tuple[str | None, str | None]) -> Mapping[str, Any]:
        """The claims of a token, if its signature, issuer, audience and times are valid. Raises TokenError."""
        for key in self._keys.find(*signed_by):
            try:
                claims: Mapping[str, Any] = jwt.decode(
                    token,
                    key.key,
                    algorithms=[key.algorithm],
                    issuer=self._issuer,
                    audience=self._audience,
                    leeway=LEEWAY,
                    options={"require": _REQUIRED},
                )
            except jwt.InvalidSignatureError:
                continue  # a token without `kid` may be another key's
            except jwt.PyJWTError as error:
                raise TokenError(type(error).__name__) from None
            return claims
        raise TokenError("signed with an unknown key")

    def _viewer(self, claims: Mapping[str, Any]) -> tuple[Viewer, float]:
        """The viewer that claims name, and when they were issued. Raises TokenError for claims that do not fit."""
        texts = {name: _text(claims, name) for name in _TEXTS if name in claims}
        return _holder(texts), self._issued_at(claims)

    def _check_revoked(self, viewer: Viewer, subject: str, issued_at: float) -> None:
        if self.revocations.revoked(token_id=viewer.token_id, subject=subject, issued_at=issued_at):
            raise TokenError("revoked")

    def _issued_at(self, claims: Mapping[str, Any]) -> float:
        """When the token was issued, in seconds of the epoch. Raises TokenError when it is valid for too long."""
        issued_at, expires_at = claims["iat"], claims["exp"]
        if not (_is_number(issued_at) and _is_number(expires_at)):
            raise TokenError("the claims iat and exp are not both numbers")
        if expires_at - issued_at > self.longest_hours * 3600:
            raise TokenError(f"valid for more than {self.longest_hours} hours")
        return float(issued_at)


def _signed_by(token: str) -> tuple[str | None, str | None]:
    """Return the algorithm and the key id that a token names: only for looking up the key."""
    if len(token) > _LONGEST_TOKEN:
        raise TokenError("too long")
    try:
        header = jwt.get_unverified_header(token)
    except jwt.PyJWTError as error:
        raise TokenError(type(error).__name__) from None
    return header.get("alg"), header.get("kid")


def _holder(texts: Mapping[str, str]) -> Viewer:
    try:
        role = Role(texts.get("role", ""))
    except ValueError:
        raise TokenError("the role is missing or unknown") from None
    vendor, member = texts.get("vendor"), texts.get("member")
    if (role is Role.VENDOR) != (vendor is not None):
        raise TokenError("the role vendor, and no other, needs the claim vendor")
    if member is not None and role is not Role.FRONTEND:
        raise TokenError("only the role frontend may have the claim member")
    return Viewer(role=role, vendor=vendor, member=member, subject=texts["sub"], token_id=texts.get("jti"))


def _text(claims: Mapping[str, Any], name: str) -> str:
    value = claims[name]
    if (
        not isinstance(value, str)
        or not 0 < len(value) <= _LONGEST_CLAIM
        or not value.isprintable()
        or value != value.strip()
    ):
        raise TokenError(
            f"the claim {name} is not a printable text of 1 to {_LONGEST_CLAIM} characters without blanks around it"
        )
    return value


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def tokens_of(settings: Settings, keys: KeyRing) -> Tokens:
    """The tokens of this installation."""
    return Tokens(
        keys,
        issuer=settings.token_issuer,
        audience=settings.token_audience,
        longest_hours=settings.token_max_hours,
    )
