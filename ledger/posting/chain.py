"""The chain of a customer's entries: each hash covers every field of its entry and the previous hash.

Fields are length-prefixed, so that different entries never give the same bytes; None differs from an empty text. The
subject is the last field and is omitted in an entry without one: so older entries, which have none, keep their hashes,
and adding or removing a subject still changes the bytes. Changing, deleting or reordering entries outside of the
service changes every later hash, which `entitlements verify` detects.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha256
from struct import Struct

from ledger.entitlement.account import PoolKey
from ledger.posting.entries import Entry, EntryKind

GENESIS = bytes(32)
"""The hash before the first entry."""

_LENGTH = Struct(">I").pack
_NONE = b"\xff\xff\xff\xff"
_REMEMBERED = 4096
"""How many of each kind of field are kept as bytes: those of neighbouring entries are mostly the same."""


def entry_hash(entry: Entry, previous: bytes) -> bytes:
    """The hash of an entry that follows one with hash `previous`; `entry.hash` itself is not read."""
    return chained(previous, entry_content(entry))


def chained(previous: bytes, content: bytes) -> bytes:
    """The hash of an entry with this content that follows one with hash `previous`."""
    return sha256(previous + content).digest()


def sealed(entry: Entry, previous: bytes) -> Entry:
    """The entry with its hash."""
    return Entry(*entry[:-1], entry_hash(entry, previous))


def entry_content(entry: Entry) -> bytes:
    """The bytes of all fields of an entry but its hash, the customer's id first."""
    return b"".join(
        (
            _number(entry.customer_id),
            _number(entry.sequence),
            _moved(entry.kind, entry.pool, entry.units, entry.service_year, entry.star, entry.edition),
            _taken(entry.vendor, entry.redemption, entry.beneficiary, entry.option, entry.reference),
            _details(entry.details) if entry.details else _NO_DETAILS,
            _moments(entry.occurred_at, entry.recorded_at),
            b"" if entry.subject is None else _text(entry.subject),
        )
    )


def _field(text: str) -> bytes:
    encoded = text.encode()
    return _LENGTH(len(encoded)) + encoded


@lru_cache(_REMEMBERED)
def _text(text: str | None) -> bytes:
    return _NONE if text is None else _field(text)


@lru_cache(_REMEMBERED)
def _number(number: int | None) -> bytes:
    return _NONE if number is None else _field(str(number))


@lru_cache(_REMEMBERED)
def _moved(
    kind: EntryKind, pool: PoolKey, units: int | None, service_year: int, star: int, edition: str | None
) -> bytes:
    """What many customers' entries have in common."""
    return b"".join(
        (
            _field(kind.value),
            _field(pool.benefit),
            _field(str(pool.term)),
            _field(pool.policy_no),
            _NONE if units is None else _field(str(units)),
            _field(str(service_year)),
            _field(str(star)),
            _text(edition),
        )
    )


@lru_cache(_REMEMBERED)
def _taken(
    vendor: str | None,
    redemption: int | None,
    beneficiary: str | None,
    option: str | None,
    reference: str | None,
) -> bytes:
    """What an entry has of its redemption: nothing, for the most part."""
    return b"".join((_text(vendor), _number(redemption), _text(beneficiary), _text(option), _text(reference)))


_NO_DETAILS = _field("{}")


def _details(details: Mapping[str, object]) -> bytes:
    return _field(json.dumps(details, sort_keys=True, ensure_ascii=False, separators=(",", ":")))


@lru_cache(_REMEMBERED)
def _moments(occurred_at: datetime, recorded_at: datetime) -> bytes:
    return _moment(occurred_at) + _moment(recorded_at)


def _moment(moment: datetime) -> bytes:
    return _field(moment.astimezone(UTC).isoformat(timespec="microseconds"))
