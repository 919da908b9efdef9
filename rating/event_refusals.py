"""Why an event was not recorded, as values: the code, and what would help, in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from base.words import Words
from rating.events import PolicyEvent
from rating.judging import contradiction

RefusalName = Literal["LIFE_CYCLE", "EVENT_CHANGED", "UNKNOWN_CUSTOMER", "INVALID"]


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRefusal:
    """An event was refused, and nothing changed.

    `place` is the wrong field, as the stream spells it (INVALID); the words then say what is wrong with it.
    `differing` names the fields that differ (EVENT_CHANGED).
    """

    event_id: str
    member_no: str
    code: RefusalName
    words: Words
    place: str | None = None
    differing: tuple[str, ...] = ()

    @property
    def reason(self) -> Words:
        """The words, after the place if there is one."""
        if self.place is None:
            return self.words
        return Words(f"{self.place}：{self.words.zh}", f"{self.place}: {self.words.en}")

    @property
    def facts(self) -> Mapping[str, str]:
        """The facts for a message: the ids, and the words in both languages."""
        return {
            "event_id": self.event_id,
            "member_no": self.member_no,
            "words_zh": self.reason.zh,
            "words_en": self.reason.en,
        }

    def message(self, language: str = "zh") -> str:
        """Return the reason in words, in `zh` or `en`."""
        return self.reason.spoken(language)


def contradicted(event: PolicyEvent, now: datetime) -> EventRefusal | None:
    """Return the refusal of an event that contradicts itself, None without one; `now` is when it is recorded."""
    found = contradiction(event, now)
    if found is None:
        return None
    return EventRefusal(
        event_id=event.event_id,
        member_no=event.member_no,
        code="INVALID",
        words=found.words,
        place=found.place,
    )


def not_allowed(event: PolicyEvent, words: Words) -> EventRefusal:
    """Refuse an event that the life cycle of its policy does not allow, for a reason."""
    return EventRefusal(
        event_id=event.event_id, member_no=event.member_no, code="LIFE_CYCLE", words=words.as_sentence()
    )


def changed_words(event_id: str, differing: Sequence[str]) -> Words:
    """Return the message for an event whose id stands for other content."""
    fields = ", ".join(differing)
    return Words(
        f"事件 {event_id} 已用于内容不同的事件，不同之处：{fields}；更正请用新的 event_id。",
        f"Event {event_id} was recorded before with other content; it differs in: {fields}. "
        "Send a correction under a new event_id.",
    )


def id_taken(event: PolicyEvent, differing: tuple[str, ...]) -> EventRefusal:
    """Refuse an event whose id stands for other content."""
    return EventRefusal(
        event_id=event.event_id,
        member_no=event.member_no,
        code="EVENT_CHANGED",
        words=changed_words(event.event_id, differing),
        differing=differing,
    )


def unknown_customer(event: PolicyEvent) -> EventRefusal:
    """Refuse an event of a member number that nobody has."""
    return EventRefusal(
        event_id=event.event_id,
        member_no=event.member_no,
        code="UNKNOWN_CUSTOMER",
        words=Words(
            f"没有会员号为 {event.member_no} 的客户：须先有 customer_registered。",
            f"There is no customer with member number {event.member_no}: customer_registered must come first.",
        ),
    )
