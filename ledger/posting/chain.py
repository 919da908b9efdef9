"""The chain of a customer's entries: each hash covers every field of its entry and the previous hash.

Fields are length-prefixed, so that different entries never give the same bytes; None differs from an empty text. The
subject is the last field and is omitted in an entry without one: so older entries, which have none, keep their hashes,
and adding or removing a subject still changes the bytes. Changing, deleting or reordering entries outside of the
service changes every later hash, which `entitlements verify` detects.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from struct import Struct

from ledger.posting.entries import Entry

GENESIS = bytes(32)
"""The hash before the first entry."""

_LENGTH = Struct(">I").pack
_NONE = b"\xff\xff\xff\xff"


def entry_hash(entry: Entry, previous: bytes) -> bytes:
    """The hash of an entry that follows one with hash `previous`; `entry.hash` itself is not read."""
    parts = [previous]
    for text in (
        str(entry.customer_id),
        str(entry.sequence),
        entry.kind.value,
        entry.pool.benefit,
        str(entry.pool.term),
        entry.pool.policy_no,
        None if entry.units is None else str(entry.units),
        str(entry.service_year),
        str(entry.star),
        entry.edition,
        entry.vendor,
        None if entry.redemption is None else str(entry.redemption),
        entry.beneficiary,
        entry.option,
        entry.reference,
        _canonical(entry.details),
        _moment(entry.occurred_at),
        _moment(entry.recorded_at),
        *((entry.subject,) if entry.subject is not None else ()),
    ):
        if text is None:
            parts.append(_NONE)
        else:
            encoded = text.encode()
            parts += (_LENGTH(len(encoded)), encoded)
    return sha256(b"".join(parts)).digest()


def _canonical(details: Mapping[str, object]) -> str:
    if not details:
        return "{}"
    return json.dumps(details, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
