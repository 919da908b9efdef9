"""Recognising a benefit by its code or printed name, in Chinese or English, with usual variations of spelling.

A name that two benefits share is not accepted, nor is a name that is only similar: the error suggests similar ones.
"""

from collections.abc import Iterator
from difflib import SequenceMatcher
from functools import lru_cache
from typing import NoReturn

from app.statements.cells import UnreadableError
from app.statements.sheets import listed, plain, quoted, without_brackets
from handbook import Benefit, Handbook

_SHORTEST_PART = 4
_MOST_NEAR = 3
_NEAR = 0.5
_LONGEST_NAME = 200


class Benefits:
    """The names of all benefits of all editions."""

    def __init__(self, handbook: Handbook) -> None:
        benefits = [benefit for edition in handbook.editions for benefit in edition.benefits]
        self._name = {benefit.code: benefit.name for benefit in benefits}
        codes: dict[str, set[str]] = {}
        told_by_brackets = set()
        for benefit in benefits:
            for name in _printed(benefit):
                for form in _forms(name):
                    codes.setdefault(plain(form), set()).add(benefit.code)
                if without_brackets(name) != name:
                    told_by_brackets.add(plain(without_brackets(name)))
        # A code takes precedence over names of other benefits.
        codes |= {plain(code): {code} for code in self._name}
        self._code = {name: next(iter(of)) for name, of in codes.items() if name and len(of) == 1}
        # Text in brackets is the vendor's remark, except where brackets distinguish printed names.
        self._code_beside_remark = {
            name: code for name, code in self._code.items() if name not in told_by_brackets
        }
        self._known_code = lru_cache(maxsize=4096)(self._code_of)

    def code_of(self, written: str) -> str:
        """The code of the benefit that a text names. Raises UnreadableError with similar names."""
        return self._known_code(written[:_LONGEST_NAME])

    def _code_of(self, text: str) -> str:
        code = self._code.get(plain(text)) or self._code_beside_remark.get(plain(without_brackets(text)))
        if code is not None:
            return code
        near = self._near(plain(text))
        if not near:
            self._refuse_unknown(text)
        zh = listed(f"{self._name[code]}（{code}）" for code in near)
        en = listed((f"{self._name[code]} ({code})" for code in near), separator=", ")
        raise UnreadableError(
            f"没有叫「{quoted(text)}」的服务项目；相近的有：{zh}",
            f"there is no benefit {quoted(text)}; near are: {en}",
        )

    def _refuse_unknown(self, text: str) -> NoReturn:
        known = listed(sorted(self._name), separator=", ")
        raise UnreadableError(
            f"没有叫「{quoted(text)}」的服务项目；可用代码或手册上的名称，代码有：{known}",
            f"there is no benefit {quoted(text)}; use a code or a printed name; the codes are: {known}",
        )

    def _near(self, text: str) -> list[str]:
        best: dict[str, float] = {}
        for name, code in self._code.items():
            likeness = SequenceMatcher(None, text, name, autojunk=False).ratio()
            if text and (text in name or name in text):
                likeness = max(likeness, _NEAR + likeness / 2)
            best[code] = max(likeness, best.get(code, 0.0))
        nearest = sorted(best, key=lambda code: (-best[code], code))[:_MOST_NEAR]
        return [code for code in nearest if best[code] >= _NEAR]


def _printed(benefit: Benefit) -> Iterator[str]:
    """Every name under which a benefit is printed, in both languages; its grades have names of their own."""
    yield benefit.name
    yield benefit.name_en
    yield from (row.name for row in benefit.printed.rows)
    yield from (grade.variant for grade in benefit.grid if grade.variant is not None)


def _forms(name: str) -> Iterator[str]:
    """A name as printed, without what stands in brackets, and each of several in one."""
    yield name
    bare = without_brackets(name)
    yield bare
    parts = bare.split("/")
    yield from (part for part in parts if len(plain(part)) >= _SHORTEST_PART and len(parts) > 1)
