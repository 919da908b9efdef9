"""What one edition changes in another: every value that differs, with its place in the files and a sentence about it.

The values are walked field by field, whatever fields they have: a new field is compared without further code, and
described in general words until it has its own (`handbook.diff_words`). What has a name of its own is matched by it: a
tier by its star, a benefit by its code, a row of the conversion table by the kind of component that it is for. The rest
is matched where it is equal, then in order. What only one of the two has is told as a whole.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace

from base.words import Words
from handbook.benefits import Benefit, Counted, Grade, Unlimited
from handbook.coefficients import Coefficient
from handbook.diff_words import Item, added, altered, dropped, item_of, part_of, reordered, text_of
from handbook.parsing import UNLIMITED
from handbook.values import Edition, Settings, Tier

_NAMES = ("star", "code", "channel", "page", "question")
"""Fields by which values in a list are told apart, the first that they have."""

_IN_PLACES = frozenset({"star", "code", "channel"})
"""Those of them that stand in a file as keys; elsewhere a place tells the number."""

_IN_FILES: Mapping[str, str] = {
    "access": "channels",
    "illness_after_waiting": "waiting.illness_after",
    "waiting_cite": "waiting.cite",
    "waiting_days": "waiting.days",
}
"""Fields whose key in the files is another than their name."""


_QUOTES = frozenset({"cite", "print_text", "printed", "source"})
"""Fields that quote the print or tell of it: they are sources of rules, and change nothing by themselves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A value that differs. `before` and `after` are None where there is none; `words` is a sentence."""

    place: str
    before: str | None
    after: str | None
    words: Words


def diff(before: Edition, after: Edition) -> tuple[Change, ...]:
    """Return the differences of `after` from `before`; empty if they are equal.

    First the rules, in the order of an edition's fields; then the clauses that are quoted for them.
    """
    changes = _changes("", "", before, after, item_of(after, None, ""))
    return tuple(sorted(changes, key=lambda change: not _QUOTES.isdisjoint(change.place.split("."))))


def _changes(place: str, field: str, before: object, after: object, item: Item) -> Iterator[Change]:
    """Yield the changes from one value to the other. `item` is the thing that they belong to, for the words."""
    if before == after:
        return
    old, new = _parts(before), _parts(after)
    if old is not None and new is not None:
        inner = part_of(item, field) if field else item
        for key in (*new, *(key for key in old if key not in new)):
            part = f"{place}.{key}" if place else key
            for change in _changes(part, key, old.get(key), new.get(key), inner):
                yield _with_unit(change, key, before, after, inner)
    elif _is_list(before) and _is_list(after):
        yield from _list_changes(place, field, before, after, item)
    else:
        yield _change(place, field, before, after, item)


def _change(place: str, field: str, before: object, after: object, item: Item) -> Change:
    told, untold = text_of(before), text_of(after)
    if field == "to" and item.kind is Tier:
        words = altered(item, field, before, after)  # no limit is a limit too
    elif told is None:
        words = added(item, field, after)
    elif untold is None:
        words = dropped(item, field, before)
    else:
        words = altered(item, field, before, after)
    return Change(place=place, before=told, after=untold, words=words)


def _with_unit(change: Change, field: str, before: object, after: object, item: Item) -> Change:
    """Describe a change of a grade's units as the whole allowance: 30 minutes per service year."""
    if field != "units" or not (isinstance(before, Grade) and isinstance(after, Grade)):
        return change
    return replace(change, words=altered(item, field, before.allowance, after.allowance))


def _list_changes(place: str, field: str, before: object, after: object, item: Item) -> Iterator[Change]:
    """Yield the changes of values in a list, each matched with the one that it was before."""
    old, new = _values(before), _values(after)
    matched = _matched(old, new)
    for number, was in enumerate(matched):
        inner = item_of(new[number], item, field, number + 1)
        where = f"{place}.{_key(new[number], number)}"
        if was is None:
            yield _change(where, "", None, new[number], inner)
        else:
            yield from _changes(where, "", old[was], new[number], inner)
    for number, value in enumerate(old):
        if number not in matched:
            inner = item_of(value, item, field, number + 1)
            yield _change(f"{place}.{_key(value, number)}", "", value, None, inner)
    kept = [was for was in matched if was is not None]
    if kept != sorted(kept):
        keys = [str(_key(old[was], was)) for was in sorted(kept)]
        moved = [str(_key(old[was], was)) for was in kept]
        yield Change(
            place=place, before=", ".join(keys), after=", ".join(moved), words=reordered(item, field)
        )


def _matched(old: Sequence[object], new: Sequence[object]) -> list[int | None]:
    """Return for each new value the index of the old value that it corresponds to, None where there is none."""
    names = {_name(value): number for number, value in enumerate(old)}
    if None not in names and len(names) == len(old) and len({_name(value) for value in new}) == len(new):
        return [names.get(_name(value)) for value in new]
    left = list(range(len(old)))
    found: list[int | None] = [None] * len(new)
    for number, value in enumerate(new):
        same = next((each for each in left if old[each] == value), None)
        if same is not None:
            found[number] = same
            left.remove(same)
    for number, was in enumerate(found):
        if was is None and left:
            found[number] = left.pop(0)
    return found


def _name(value: object) -> object:
    """Return what identifies a value in a list, None for one that has no name."""
    if isinstance(value, Coefficient):
        return value.coverage, value.design, value.category, value.mode, value.min_term_years
    return next((getattr(value, name) for name in _NAMES if hasattr(value, name)), None)


def _key(value: object, number: int) -> object:
    """Return the last part of a value's place: its own name where files have it as a key, else its number from 1."""
    keys = (getattr(value, name) for name in _NAMES if name in _IN_PLACES and hasattr(value, name))
    return next(keys, number + 1)


def _is_list(value: object) -> bool:
    return isinstance(value, tuple) and (not value or any(is_dataclass(each) for each in value))


def _values(value: object) -> Sequence[object]:
    """Return the values of a list; a star without the benefit has no grade."""
    if not isinstance(value, tuple):
        raise TypeError
    return [each for each in value if not (isinstance(each, Grade) and _is_nothing(each))]


def _is_nothing(grade: Grade) -> bool:
    """Say whether a star has nothing: what a file writes as null."""
    return all(getattr(grade, field.name) is None for field in fields(grade) if field.name != "star")


def _parts(value: object) -> dict[str, object] | None:
    """Return what a value consists of, by its keys in the files; None for one that is whole."""
    if isinstance(value, Mapping):
        return {str(key): part for key, part in value.items()}
    if not is_dataclass(value) or isinstance(value, type):
        return None
    parts = {_in_files(field.name): getattr(value, field.name) for field in fields(value) if field.compare}
    match value:
        case Edition():
            parts |= {"print_text": _summary(value.print_text), "sections": _sections(value)}
        case Benefit():
            parts["section"] = value.section.code
        case Settings():
            parts |= {f"{setting}.cite": cite for setting, cite in parts.pop("cites")}
        case Grade():
            parts |= _parts(parts.pop("allowance")) or {}
        case Unlimited() | Counted():
            parts.setdefault("units", UNLIMITED)
        case _:
            pass
    return parts


def _in_files(field: str) -> str:
    return _IN_FILES.get(field, field.removesuffix("_"))


def _sections(edition: Edition) -> tuple[object, ...]:
    """Return the sections of the overview, which every benefit of theirs names."""
    return tuple({benefit.section: None for benefit in edition.benefits})


def _summary(text: str) -> str:
    """Return a short form of the print that still differs between prints: the whole is too long for a table."""
    digest = hashlib.sha256(text.encode()).hexdigest()[:12]
    return f"{len(text.splitlines())} lines, SHA-256 {digest}…"
