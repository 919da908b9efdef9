"""Sentences about what an edition changes, in both languages: which thing, which of its fields, from what to what.

A field or item missing from `handbook.diff_terms` is described by its own name, so that no change is omitted.
"""

from collections.abc import Callable
from dataclasses import dataclass, is_dataclass
from datetime import time
from decimal import Decimal

from base.words import Words, counted
from handbook.benefits import Access, Benefit, Counted, Grade, Label, Section, Unlimited
from handbook.coefficients import Coefficient
from handbook.diff_terms import CODES, ENGLISH_VERBS, FIELDS, NOT_NAMED
from handbook.values import Edition, Tier

_NO_NAME = Words("", "")


_ONE_STAR_WORDS = "一二三四五六七八九"


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """An item that changes are described for: its name in a sentence, and what kind of value it is."""

    words: Words
    kind: type


def item_of(value: object, within: Item | None, field: str, number: int = 0) -> Item:
    """Return the item that a value of a list is; `number` is its position in the list, from 1."""
    around = within.words if within else _NO_NAME
    match value:
        case Edition():
            words = _NO_NAME
        case Tier():
            words = star_words(value.star)
        case Grade():
            star = star_words(value.star)
            words = Words(f"{around.zh}{star.zh}", f"{around.en}, {star.en.lower()}")
        case Coefficient():
            words = _row_words(value)
        case Benefit() | Section() | Label():
            words = Words(f"「{value.name}」", value.name_en)
        case Access():
            words = Words(f"{around.zh}渠道 {value.channel}", f"{around.en}, channel {value.channel}")
        case _:
            label = label_of(field)
            words = Words(
                f"{around.zh}{label.zh} {number}",
                f"{around.en}{', ' if around.en else ''}{label.en} {number}",
            )
    return Item(words=words, kind=type(value))


def part_of(item: Item, field: str) -> Item:
    """Return the item for a field that has fields of its own, such as the hours of a benefit."""
    if field in NOT_NAMED:
        return item
    label, around = label_of(field), item.words
    return Item(words=Words(f"{around.zh}{label.zh}", _joined(around.en, label.en)), kind=object)


def altered(item: Item, field: str, before: object, after: object) -> Words:
    """Say that a field has another value."""
    label, old, new = label_of(field), shown(before, field), shown(after, field)
    zh = f"{item.words.zh}{label.zh}由 {old.zh} 调整为 {new.zh}。"
    verb = ENGLISH_VERBS.get((item.kind, field))
    en = f"{item.words.en} {verb}" if verb is not None else f"{_joined(item.words.en, label.en)}:"
    return _sentence(zh, f"{en} {new.en} instead of {old.en}.")


def added(item: Item, field: str, after: object) -> Words:
    """Say that something is there now; without a field it is the item itself."""
    return _one_sided(Words("新增", "New"), item, field, shown(after, field))


def dropped(item: Item, field: str, before: object) -> Words:
    """Say that something is no longer there; without a field it is the item itself."""
    return _one_sided(Words("取消", "Dropped"), item, field, shown(before, field))


def reordered(item: Item, field: str) -> Words:
    """Say that the values of a list stand in another order."""
    label = label_of(field)
    return _sentence(
        f"{item.words.zh}{label.zh}的次序有调整。", f"{_joined(item.words.en, label.en)}: in another order."
    )


def _one_sided(verb: Words, item: Item, field: str, value: Words) -> Words:
    label = label_of(field) if field else _NO_NAME
    return Words(
        f"{verb.zh}{item.words.zh}{label.zh}：{value.zh}。",
        f"{verb.en}: {_joined(item.words.en, label.en)}: {value.en}.",
    )


def _joined(*words: str) -> str:
    return ", ".join(each for each in words if each)


def _sentence(zh: str, en: str) -> Words:
    return Words(zh, en[:1].upper() + en[1:])


def label_of(field: str) -> Words:
    """Return what a field is called in both languages."""
    if field.endswith(".cite") and field not in FIELDS:
        setting = label_of(field.removesuffix(".cite"))
        return Words(f"{setting.zh}的依据", f"ground of the {setting.en}")
    return FIELDS.get(field) or Words(field, field.replace("_", " "))


def star_words(star: int) -> Words:
    """Return the name of a star in a sentence."""
    zh = f"{_ONE_STAR_WORDS[star - 1]}星" if 1 <= star <= len(_ONE_STAR_WORDS) else f"{star} 星"
    return Words(zh, f"Star {star}")


def text_of(value: object) -> str | None:
    """Return a value as a file has it, None for none; a thing of several fields by what matters most of it."""
    if value is None or value in ((), frozenset()):
        return None
    return _written(value, lambda each, _: text_of(each) or "")


def shown(value: object, field: str = "") -> Words:
    """Return a value as a sentence has it: amounts with their thousands apart, codes in words."""
    if value is None and field == "to":
        return Words("无上限", "no limit")
    if isinstance(value, str):
        return CODES.get(value.lower()) or _quoted(value)
    if isinstance(value, bool):
        return Words("是", "yes") if value else Words("否", "no")
    if isinstance(value, int | Decimal):
        written = f"{value:,f}" if isinstance(value, Decimal) else f"{value:,d}"
        return Words(written, written)
    return _things_shown(value)


def _quoted(text: str) -> Words:
    """Return a text in quotation marks, a code or a number as it is."""
    if text.isascii() and " " not in text:
        return Words(text, text)
    return Words(f"“{text}”", f"“{text}”")


def _things_shown(value: object) -> Words:
    match value:
        case Unlimited() | Counted():
            return _allowance_words(value)
        case Grade():
            variant = Words(f"（{value.variant}）", f" ({value.variant_en})") if value.variant else _NO_NAME
            allowance = shown(value.allowance)
            return Words(f"{allowance.zh}{variant.zh}", f"{allowance.en}{variant.en}")
        case Tier():
            from_, to = shown(value.from_), shown(value.to, "to")
            return Words(f"{from_.zh} 起，{to.zh}", f"from {from_.en} to {to.en}")
        case Benefit():
            return _grid_words(value)
    return Words(
        _written(value, lambda each, name: shown(each, name).zh),
        _written(value, lambda each, name: shown(each, name).en),
    )


_Part = Callable[[object, str], str]
"""Writes a part of a value; it is told the field's name."""


def _written(value: object, part: _Part) -> str:
    """Write a value as a file has it, its parts by `part`."""
    match value:
        case None:
            return "-"
        case bool():
            return "true" if value else "false"
        case Decimal():
            return f"{value:f}"
        case time():
            return value.isoformat("minutes")
        case tuple():
            return ", ".join(part(each, "") for each in value)
        case frozenset():
            return ", ".join(sorted(part(each, "") for each in value))
    return _thing_written(value, part) if is_dataclass(value) else str(value)


def _thing_written(value: object, part: _Part) -> str:
    match value:
        case Grade():
            return part(value.allowance, "")
        case Counted():
            return f"{value.units} {value.unit} per {value.per}"
        case Unlimited():
            return f"unlimited {value.unit}"
        case Tier():
            return f"{value.from_:f} to {'no limit' if value.to is None else f'{value.to:f}'}"
        case Benefit():
            cells = ((grade.star, grade.allowance) for grade in value.grid if grade.allowance is not None)
            return "; ".join(f"{star}: {part(allowance, '')}" for star, allowance in cells)
        case Label() | Section():
            return value.name
    named = ((name, getattr(value, name)) for name in getattr(value, "__dataclass_fields__", ()))
    return "; ".join(f"{name}: {part(each, name)}" for name, each in named if each not in (None, ()))


def _allowance_words(allowance: Unlimited | Counted) -> Words:
    unit = shown(allowance.unit)
    if isinstance(allowance, Unlimited):
        return Words(f"不限{unit.zh}", f"{unit.en} without limit")
    per = shown(allowance.per)
    units = counted(allowance.units, unit.en.removesuffix("s"))
    return Words(f"{per.zh} {allowance.units} {unit.zh}", f"{units} per {per.en}")


def _grid_words(benefit: Benefit) -> Words:
    cells = [(star_words(grade.star), shown(grade)) for grade in benefit.grid if grade.allowance is not None]
    return Words(
        "；".join(f"{star.zh} {grade.zh}" for star, grade in cells),
        "; ".join(f"{star.en.lower()}: {grade.en}" for star, grade in cells),
    )


def _row_words(row: Coefficient) -> Words:
    """Name a row of the conversion table by what it is for."""
    told = [shown(each) for each in (row.coverage, row.design, row.category, row.mode) if each is not None]
    zh, en = "、".join(each.zh for each in told), _joined(*(each.en for each in told))
    if row.min_term_years is not None:
        zh, en = (
            f"{zh}，交费期 ≥ {row.min_term_years} 年",
            f"{en}, payment term from {row.min_term_years} years",
        )
    return Words(f"折算规则（{zh}）", f"Conversion row ({en})")
