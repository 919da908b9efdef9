"""The effect of a batch of events on one customer, computed purely and then written as it is.

A batch is judged policy by policy: accepted as a whole if the whole is legal, otherwise event by event. Ratings are
stored in versions, so that "as known at" a moment stays a look-up: the greatest version known from then or earlier.
Events recorded at r change what was known from r on; so for r and every later moment of recording a new version is
appended, computed from what was recorded until then, by the handbook that was in force then. Where another handbook
came into force after r, a version is known from that moment too. Versions already there are never touched.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Self, TypeAlias

from base.words import Words
from handbook.handbook import Handbook
from rating.events import CustomerRegistered, PolicyEvent, RelativeRegistered, SentEvent
from rating.folding import Arrived, fold
from rating.history import History
from rating.judging import admit, policy_no_of
from rating.timeline import StarSpan, timeline

Superseded: TypeAlias = tuple[datetime, Handbook]
"""A handbook that was in force, and the moment at which the next one came into force."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """An event is in the customer's history; `repeated` when it was there before, and nothing changed."""

    event_id: str
    member_no: str
    customer_id: int
    repeated: bool

    @classmethod
    def of(cls, sent: SentEvent, customer_id: int, *, repeated: bool) -> Self:
        """The result for an event of that customer."""
        return cls(
            event_id=sent.event_id, member_no=sent.member_no, customer_id=customer_id, repeated=repeated
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What the database holds of a customer: head (last arrival, last version) and events."""

    arrivals: int = 0
    version: int = 0
    events: tuple[Arrived, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A timeline as known from a moment on, and the handbook that it was computed by."""

    version: int
    known_from: datetime
    spans: tuple[StarSpan, ...]
    handbook: Handbook


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """What to write for a customer, and by position in the batch why an event is not among it.

    `history` is the whole, the new events included. `added_…` and `changed_…` name the policies and relatives that
    the new events brought or touched.
    """

    events: tuple[Arrived, ...]
    refused: Mapping[int, Words]
    versions: tuple[Version, ...]
    history: History
    added_policies: frozenset[str] = frozenset()
    changed_policies: frozenset[str] = frozenset()
    added_relatives: frozenset[str] = frozenset()
    changed_relatives: frozenset[str] = frozenset()
    renamed: bool = False


def take_in(
    stored: Stored,
    new: Sequence[PolicyEvent],
    *,
    now: datetime,
    handbook: Handbook,
    superseded: Sequence[Superseded] = (),
) -> Intake:
    """Return the result of recording new events in this order of arrival; `now` is when, for those that do not say.

    None of them may be a repetition, or contradict itself (`rating.judging.contradiction`). `superseded` are the
    handbooks that were in force since the first of these moments and are no longer, in order: what was known while one
    was in force is rated by it. Whether an event is legal is judged by `handbook`, which is in force now.
    """
    candidates = [
        Arrived(arrival=stored.arrivals + position, recorded_at=event.recorded_at or now, event=event)
        for position, event in enumerate(new, start=1)
    ]
    refused = _refusals(stored, candidates, handbook)
    legal = (each for each in candidates if each.arrival not in refused)
    # Arrivals have no gaps: what was refused never arrived.
    accepted = tuple(
        Arrived(arrival=arrival, recorded_at=each.recorded_at, event=each.event)
        for arrival, each in enumerate(legal, start=stored.arrivals + 1)
    )
    history = fold((*stored.events, *accepted))
    before, after = _Named.of(stored.events), _Named.of(accepted)
    return Intake(
        events=accepted,
        refused={arrival - stored.arrivals - 1: words for arrival, words in refused.items()},
        versions=_versions(stored, accepted, history, handbook, superseded),
        history=history,
        added_policies=frozenset(after.policies - before.policies),
        changed_policies=frozenset(after.policies & before.policies),
        added_relatives=frozenset(after.relatives - before.relatives),
        changed_relatives=frozenset(after.relatives & before.relatives),
        renamed=after.registrations > 0 and before.registrations + after.registrations > 1,
    )


def _versions_since(
    since: datetime,
    events: Sequence[Arrived],
    history: History,
    first_version: int,
    handbook: Handbook,
    superseded: Sequence[Superseded],
) -> tuple[Version, ...]:
    """Return a version for `since` and each later moment of recording or of another handbook.

    Equal ones in a row are one, if the same handbook gives them: it is named as what explains them.
    """
    moments = {each.recorded_at for each in events if each.recorded_at >= since}
    moments |= {until for until, _ in superseded if until > since}
    versions: list[Version] = []
    for moment in sorted(moments):
        known = [each for each in events if each.recorded_at <= moment]
        by = _in_force(moment, handbook, superseded)
        # `history` is that of all events: at the last moment all are known.
        spans = timeline(history if len(known) == len(events) else fold(known), by)
        last = versions[-1] if versions else None
        if last is None or (last.spans, last.handbook.fingerprint) != (spans, by.fingerprint):
            versions.append(
                Version(version=first_version + len(versions), known_from=moment, spans=spans, handbook=by)
            )
    return tuple(versions)


def _in_force(moment: datetime, handbook: Handbook, superseded: Sequence[Superseded]) -> Handbook:
    """Return the handbook in force at a moment; before them all, the first."""
    found = handbook
    for until, each in reversed(superseded):
        if until <= moment:
            break
        found = each
    return found


def _versions(
    stored: Stored,
    accepted: Sequence[Arrived],
    history: History,
    handbook: Handbook,
    superseded: Sequence[Superseded],
) -> tuple[Version, ...]:
    if not accepted:
        return ()
    first_day = min((each.event.effective_on for each in stored.events), default=None)
    if first_day is not None and all(
        policy_no_of(each) is None and each.event.effective_on >= first_day for each in accepted
    ):
        return ()  # names and relatives do not affect ratings
    since = min(each.recorded_at for each in accepted)
    return _versions_since(
        since, (*stored.events, *accepted), history, stored.version + 1, handbook, superseded
    )


def _refusals(stored: Stored, candidates: Sequence[Arrived], handbook: Handbook) -> dict[int, Words]:
    by_policy: dict[str, list[Arrived]] = {}
    for each in candidates:
        policy_no = policy_no_of(each)
        if policy_no is not None:
            by_policy.setdefault(policy_no, []).append(each)
    refused: dict[int, Words] = {}
    for policy_no, new in by_policy.items():
        of_policy = [each for each in stored.events if policy_no_of(each) == policy_no]
        refused |= admit(of_policy, new, handbook)[1]
    return refused


@dataclass(slots=True, kw_only=True)
class _Named:
    """Which policies and relatives some events name."""

    policies: set[str] = field(default_factory=set)
    relatives: set[str] = field(default_factory=set)
    registrations: int = 0

    @classmethod
    def of(cls, events: Iterable[Arrived]) -> "_Named":
        named = cls()
        for each in events:
            match each.event:
                case CustomerRegistered():
                    named.registrations += 1
                case RelativeRegistered(relative_id=relative_id):
                    named.relatives.add(relative_id)
                case _:
                    named.policies.add(each.event.policy_no)
        return named
