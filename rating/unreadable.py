"""A line that cannot be read is reported with the place and the reason, in one line of words.

pydantic reports errors in its own terms; here each of them becomes a sentence that the sender of the history stream can
act on, in both languages.
"""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from base.words import Words

_LONGEST_QUOTE = 40


class EventError(ValueError):
    """An event cannot be read: `place` is the field (or "event" for the whole), `words` the reason."""

    def __init__(self, place: str, words: Words) -> None:
        super().__init__(place, words)  # by these another process makes it anew
        self.place = place
        self.words = words

    def __str__(self) -> str:
        """The place and the reason in one line of English."""
        return f"{self.place}: {self.words.en}"

    @property
    def reason(self) -> str:
        """The reason in one line of English."""
        return self.words.en


_DAY = Words("须为 1900 至 2199 年间的日期（YYYY-MM-DD）", "must be a day YYYY-MM-DD from 1900 to 2199")
_WORDS: Mapping[str, Words] = {
    "missing": Words("缺少此项", "is missing"),
    "extra_forbidden": Words("此类事件没有这一项", "is not a field of this type of event"),
    "union_tag_not_found": Words("缺少此项", "is missing"),
    "model_type": Words("须为 JSON 对象", "must be a JSON object"),
    "model_attributes_type": Words("须为 JSON 对象", "must be a JSON object"),
    "dict_type": Words("须为 JSON 对象", "must be a JSON object"),
    "premium": Words(
        "须为 0 或以上、小于一万亿、至多两位小数的十进制字符串",
        "must be a decimal string of 0 or more and below 1000000000000 with at most 2 places",
    ),
    "day": _DAY,
    "moment": Words(
        "须为带时区偏移的日期时间，例如 2024-01-10T09:00:00+08:00",
        "must be a date-time with an offset, such as 2024-01-10T09:00:00+08:00",
    ),
    "term_of_single": Words(
        "趸交（single）没有交费期", "must be left out for mode single: it has no payment term"
    ),
    "term_missing": Words("分期交费须给出交费期", "is missing: a premium in instalments has a payment term"),
    "text_missing": Words("须为非空文本", "must be a text that is not empty"),
}
_TERM_YEARS = Words("须为 1 至 100 的整数", "must be a whole number from 1 to 100")
_TYPES_ABOUT_TERM = {"int_type", "int_from_float", "int_parsing", "greater_than_equal", "less_than_equal"}
_TERM_FINDINGS = {"term_of_single", "term_missing"}


def event_error(error: ValidationError) -> EventError:
    """Return the first finding as an EventError."""
    finding = error.errors(include_url=False)[0]
    kind = finding["type"]
    place = str(finding["loc"][-1]) if finding["loc"] else ""
    if kind == "json_invalid":
        detail = _one_line(str(finding.get("ctx", {}).get("error", "")))
        return EventError("event", Words(f"不是有效的 JSON：{detail}", f"is not JSON: {detail}"))
    if kind in {"union_tag_invalid", "union_tag_not_found"}:
        return _type_error(kind, finding)
    if kind in _TERM_FINDINGS:
        return EventError("term_years", _WORDS[kind])
    if len(finding["loc"]) <= 1 and kind in {"model_type", "model_attributes_type", "dict_type"}:
        return EventError("event", _WORDS["dict_type"])
    return EventError(_one_line(place) or "event", _words(kind, finding))


def not_utf8(line: bytes) -> EventError | None:
    """Return the EventError of a line that is not UTF-8, None for one that is."""
    try:
        line.decode()
    except UnicodeDecodeError as error:
        byte = error.start + 1
        return EventError("event", Words(f"不是 UTF-8（第 {byte} 字节）", f"is not UTF-8 (byte {byte})"))
    return None


def _type_error(kind: str, finding: Mapping[str, Any]) -> EventError:
    if kind == "union_tag_not_found":
        return EventError("type", _WORDS["missing"])
    given = _one_line(str(finding["ctx"]["tag"]))
    known = ", ".join(tag.strip().strip("'") for tag in str(finding["ctx"]["expected_tags"]).split(","))
    return EventError(
        "type", Words(f"没有“{given}”这类事件；可用：{known}", f"is unknown: {given}; known are {known}")
    )


def _words(kind: str, finding: Mapping[str, Any]) -> Words:
    if kind == "text":
        longest = finding.get("ctx", {}).get("longest")
        if longest is None:
            return Words("须为文本", "must be a text")
        return Words(
            f"须为 1 至 {longest} 个字的文本，首尾无空白，不含控制字符",
            f"must be a text of 1 to {longest} characters without control characters or spaces at its ends",
        )
    if kind == "enum":
        expected = str(finding["ctx"]["expected"])
        given = _one_line(str(finding["input"]))
        return Words(f"不可为“{given}”，只能是 {expected}", f"is {given}, but must be one of {expected}")
    if kind in _TYPES_ABOUT_TERM:
        return _TERM_YEARS
    said = _one_line(str(finding["msg"]))
    return _WORDS.get(kind, Words(said, said))


def _one_line(text: str) -> str:
    printable = "".join(sign if sign.isprintable() else "�" for sign in text)
    return printable if len(printable) <= _LONGEST_QUOTE * 3 else printable[: _LONGEST_QUOTE * 3] + "…"
