"""Refusals, the expected "no" as a value: a code to act on, a message to show, and what would help.

A refusal is stored with its code and facts, never with its words, so that the same stored refusal can be shown in
either language. `ledger.messages` has the messages.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any, Self

from ledger.messages import render


class RefusalCode(StrEnum):
    """Why something was refused. Clients act on these: a code is never renamed."""

    UNKNOWN_CUSTOMER = "UNKNOWN_CUSTOMER"
    NOT_A_MEMBER = "NOT_A_MEMBER"
    TIER_TOO_LOW = "TIER_TOO_LOW"
    QUOTA_EXHAUSTED = "QUOTA_EXHAUSTED"
    WAITING_PERIOD = "WAITING_PERIOD"
    BENEFICIARY_NOT_COVERED = "BENEFICIARY_NOT_COVERED"
    EVIDENCE_MISSING = "EVIDENCE_MISSING"
    POLICY_REQUIRED = "POLICY_REQUIRED"
    POLICY_NOT_ELIGIBLE = "POLICY_NOT_ELIGIBLE"
    WISHED_NUMBER_REQUIRED = "WISHED_NUMBER_REQUIRED"
    OPTION_REQUIRED = "OPTION_REQUIRED"
    FACILITY_REQUIRED = "FACILITY_REQUIRED"
    UNKNOWN_BENEFIT = "UNKNOWN_BENEFIT"
    VENDOR_NOT_CONTRACTED = "VENDOR_NOT_CONTRACTED"
    OUTSIDE_SERVICE_HOURS = "OUTSIDE_SERVICE_HOURS"
    UNITS_INVALID = "UNITS_INVALID"
    OCCURRED_IN_FUTURE = "OCCURRED_IN_FUTURE"
    OCCURRED_TOO_LONG_AGO = "OCCURRED_TOO_LONG_AGO"
    HOLD_NOT_OPEN = "HOLD_NOT_OPEN"
    NOT_REDEEMED = "NOT_REDEEMED"
    ALREADY_REVERSED = "ALREADY_REVERSED"
    UNKNOWN_REDEMPTION = "UNKNOWN_REDEMPTION"
    KEY_REUSED = "KEY_REUSED"
    PERIOD_CLOSED = "PERIOD_CLOSED"
    UNKNOWN_STATEMENT = "UNKNOWN_STATEMENT"
    UNKNOWN_FINDING = "UNKNOWN_FINDING"
    ALREADY_MATCHED = "ALREADY_MATCHED"
    FINDINGS_OPEN = "FINDINGS_OPEN"
    LIFE_CYCLE = "LIFE_CYCLE"
    EVENT_CHANGED = "EVENT_CHANGED"
    INVALID = "INVALID"
    BUSY = "BUSY"
    RATE_LIMITED = "RATE_LIMITED"


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

    `case` selects one of a code's messages; `facts` fill it in, in both languages where they are words (keys ending in
    `_zh` and `_en`). `available_from` is the first day on which the same request could succeed, as far as known today.
    `required_star` is the lowest star that has the benefit. `missing` and `differing` name fields or kinds of evidence.
    `replayed`: its key had been answered before; like the words it is not stored.
    """

    code: RefusalCode
    case: str = ""
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
        return self.code in _NEVER_STORED or (self.code, self.case) == (RefusalCode.UNITS_INVALID, "minutes")

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
        key = f"{self.code}.{self.case}" if self.case else self.code.value
        return render(key, facts, self.available_from, language)

    def as_json(self) -> dict[str, object]:
        """What is stored of it."""
        return {
            "code": self.code.value,
            "case": self.case,
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
            case=stored["case"],
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
