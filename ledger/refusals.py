"""Refusals, the expected "no" as a value: a code to act on, a message to show, and what would help.

A refusal is stored with its code and facts, never with its words, so that the same stored refusal can be shown in
either language. `ledger.refusal_codes` has the codes and messages.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Self

from ledger.refusal_codes import RefusalCode, render

__all__ = ["RETRY_AFTER_S", "Refusal", "RefusalCode", "busy", "invalid"]


RETRY_AFTER_S = 2
"""Seconds after which to retry after a lock timeout or an outage; the actual duration is unknown."""

_NEVER_STORED = frozenset(
    {
        RefusalCode.INVALID,
        RefusalCode.UNKNOWN_REDEMPTION,
        RefusalCode.OCCURRED_IN_FUTURE,
        RefusalCode.BUSY,
        RefusalCode.RATE_LIMITED,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A refusal: an expected "no".

    `wording` selects one of a code's messages, empty: the usual one; `facts` fill it in, in both languages where they
    are words (keys ending in `_zh` and `_en`). `available_from` is the first day on which the same request could
    succeed, as far as known today. `required_star` is the lowest star that has the benefit. `missing` and `differing`
    name fields or kinds of evidence. `replayed`: its key had been answered before; like the words it is not stored.
    """

    code: RefusalCode
    wording: str = ""
    facts: Mapping[str, str | int] = field(default_factory=dict)
    available_from: date | None = None
    required_star: int | None = None
    missing: tuple[str, ...] = ()
    differing: tuple[str, ...] = ()
    replayed: bool = False

    @property
    def leaves_key_free(self) -> bool:
        """Whether it is not stored, so that the key may be used again.

        Either the request could never have succeeded and may be corrected; or nothing was decided; or clocks differ,
        and the same request succeeds later. Another vendor's redemption is treated like one that does not exist.
        """
        return self.code in _NEVER_STORED or (self.code, self.wording) == (
            RefusalCode.UNITS_INVALID,
            "minutes",
        )

    @property
    def retry_after(self) -> int | None:
        """Seconds after which the same request is worth sending again as it is; None: it is not."""
        seconds = self.facts.get("retry_after")
        return int(seconds) if seconds is not None else None

    def message(self, language: str = "zh") -> str:
        """The refusal in words: what was refused, why, and what would help. `language` is `zh` or `en`."""
        comma = "、" if language == "zh" else ", "
        facts = {
            **self.facts,
            "required_star": self.required_star,
            "missing": comma.join(self.missing),
            "differing": comma.join(self.differing),
        }
        return render(self.code, self.wording, facts, self.available_from, language)

    def as_json(self) -> dict[str, object]:
        """What is stored of it. The wording is stored as `case`."""
        return {
            "code": self.code.value,
            "case": self.wording,
            "facts": dict(self.facts),
            "available_from": self.available_from.isoformat() if self.available_from else None,
            "required_star": self.required_star,
            "missing": list(self.missing),
            "differing": list(self.differing),
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """The refusal that was stored."""
        available_from = stored["available_from"]
        return cls(
            code=RefusalCode(stored["code"]),
            wording=stored["case"],
            facts=stored["facts"],
            available_from=date.fromisoformat(available_from) if available_from else None,
            required_star=stored["required_star"],
            missing=tuple(stored["missing"]),
            differing=tuple(stored["differing"]),
        )


def busy() -> Refusal:
    """Another transaction held the lock on the customer or vendor for too long; nothing was decided."""
    return Refusal(code=RefusalCode.BUSY, facts={"retry_after": RETRY_AFTER_S})


def invalid(words_zh: str, words_en: str) -> Refusal:
    """The refusal of a malformed request; the words say where and what would help."""
    return Refusal(code=RefusalCode.INVALID, facts={"words_zh": words_zh + "。", "words_en": words_en + "."})
