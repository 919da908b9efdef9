"""Whether two contestants answer alike: before anything is timed.

Ids and cursors are opaque, each contestant has its own: they are asked for, but not compared.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

_OPAQUE = frozenset({"id", "cursor", "endCursor"})
_MOMENTS = frozenset({"occurredAt", "recordedAt"})
_NUMBERS = frozenset({"sequence"})
"""PostGraphile writes 64-bit integers as text."""


class DifferentAnswersError(RuntimeError):
    """Two contestants answered the same question differently; the text says where."""


def check_same(who: str, ours: Any, theirs: Any) -> None:
    """Raise DifferentAnswersError unless both answers have the same data."""
    found = list(_differences(_plain(ours), _plain(theirs), "data"))
    if found:
        raise DifferentAnswersError(f"{who} answers otherwise: {'; '.join(found[:5])}")


def flat(value: Any) -> Any:
    """Our answer with the objects that PostGraphile has as columns: `next { star }` as `nextStar`."""
    if isinstance(value, list):
        return [flat(each) for each in value]
    if not isinstance(value, Mapping):
        return value
    plain: dict[str, Any] = {}
    for name, each in value.items():
        columns = _COLUMNS.get(name)
        if columns is None:
            plain[name] = flat(each)
        else:
            plain |= {column: (each or {}).get(field) for field, column in columns.items()}
    return plain


_COLUMNS: Mapping[str, Mapping[str, str]] = {
    "next": {"star": "nextStar", "name": "nextName", "shortfall": "nextShortfall"},
    "refusal": {
        "code": "refusalCode",
        "message": "refusalMessage",
        "availableFrom": "availableFrom",
        "requiredStar": "requiredStar",
    },
    "allowance": {
        "__typename": "allowanceKind",
        "unit": "allowanceUnit",
        "units": "allowanceUnits",
        "per": "allowancePer",
    },
    "policy": {"policyNo": "policyNo"},
    "beneficiary": {"name": "beneficiaryName", "relation": "beneficiaryRelation"},
}


def _plain(value: Any, name: str = "") -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(each, key) for key, each in value.items() if key not in _OPAQUE}
    if isinstance(value, list):
        return [_plain(each, name) for each in value]
    if name in _MOMENTS and value is not None:
        return datetime.fromisoformat(value)
    return int(value) if name in _NUMBERS else value


def _differences(one: Any, other: Any, path: str) -> Iterator[str]:
    if isinstance(one, dict) and isinstance(other, dict) and set(one) == set(other):
        for name in one:
            yield from _differences(one[name], other[name], f"{path}.{name}")
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for number, (mine, their) in enumerate(zip(one, other, strict=True)):
            yield from _differences(mine, their, f"{path}[{number}]")
    elif one != other:
        yield f"{path}: {one!r}, not {other!r}"
