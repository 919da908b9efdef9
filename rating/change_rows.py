"""What a recording changes, as rows of its tables. Pure, so that other processes can make them.

Everything is written under the locks of the customers' rating heads, so a policy or relative that no stored event
names has no row yet, and one that some event names has one.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

from base.database import RawJson
from handbook.handbook import Handbook
from rating.events import SentEvent
from rating.folding import Arrived
from rating.history import PolicyHistory, Relative
from rating.intake import Intake, Stored, Version
from rating.timeline import METHOD

Row: TypeAlias = tuple[object, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What is written for one customer, on top of what was stored: what was sent, and what it yields."""

    customer_id: int
    stored: Stored
    sent: Sequence[SentEvent]
    intake: Intake

    @property
    def appended(self) -> Iterator[tuple[Arrived, SentEvent]]:
        """The events that were not refused, as they are stored and as they were sent."""
        taken = (each for index, each in enumerate(self.sent) if index not in self.intake.refused)
        return zip(self.intake.events, taken, strict=True)

    @property
    def of_new(self) -> bool:
        """Whether nothing was recorded of the customer before."""
        return self.stored.arrivals == 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRows:
    """The rows of some changes: new ones by their tables, and what existing ones are changed to."""

    event_ids: list[Row] = field(default_factory=list)
    events: list[Row] = field(default_factory=list)
    ratings: list[Row] = field(default_factory=list)
    spans: list[Row] = field(default_factory=list)
    policies: list[Row] = field(default_factory=list)
    relatives: list[Row] = field(default_factory=list)
    heads: list[Row] = field(default_factory=list)
    advanced_heads: list[Row] = field(default_factory=list)
    changed_policies: list[Row] = field(default_factory=list)
    changed_relatives: list[Row] = field(default_factory=list)
    renamed: list[Row] = field(default_factory=list)


def rows_of(
    changes: Iterable[Change], *, now: datetime, handbook: Handbook, subject: str | None
) -> ChangeRows:
    """Return the rows of everything that was recorded, with `subject` as its sender."""
    rows = ChangeRows()
    for change in changes:
        if change.intake.events:
            _add_events(rows, change, subject)
            add_versions(rows, change.customer_id, change.intake.versions, now=now)
            _add_projections(rows, change, handbook)
    rows.event_ids.sort()  # so that two transactions that take the same ids wait without a deadlock
    return rows


def add_versions(rows: ChangeRows, customer_id: int, versions: Iterable[Version], *, now: datetime) -> None:
    """Add rating versions of a customer, with their spans; the head is the caller's."""
    for each in versions:
        rows.ratings.append(
            (customer_id, each.version, each.known_from, now, each.handbook.fingerprint, METHOD)
        )
        rows.spans.extend(
            (customer_id, each.version, span.start, span.end, span.star, span.rated_premium, span.edition)
            for span in each.spans
        )


def policy_row(customer_id: int, policy: PolicyHistory, handbook: Handbook) -> Row:
    """Return a policy as the projection holds it."""
    return (
        customer_id,
        policy.policy_no,
        policy.line,
        policy.coverage,
        policy.category,
        policy.design,
        policy.issued_on,
        policy.cooling_off_ends_on(handbook),
        RawJson.of([[day.isoformat(), status] for day, status in policy.statuses]),
        RawJson.of(
            [
                {
                    "component_id": component.component_id,
                    "kind": component.kind,
                    "mode": component.mode,
                    "premiums": [[day.isoformat(), str(premium)] for day, premium in component.premiums],
                    "term_years": component.term_years,
                    "starts_on": component.starts_on.isoformat(),
                }
                for component in policy.components
            ]
        ),
    )


def _add_events(rows: ChangeRows, change: Change, subject: str | None) -> None:
    customer_id = change.customer_id
    for arrived, sent in change.appended:
        event = arrived.event
        rows.event_ids.append((event.event_id, customer_id, arrived.arrival, sent.hash))
        rows.events.append(
            (
                customer_id,
                arrived.arrival,
                event.event_id,
                event.type,
                event.effective_on,
                arrived.recorded_at,
                RawJson(sent.text),
                subject,
            )
        )
    head = (
        customer_id,
        change.intake.events[-1].arrival,
        change.stored.version + len(change.intake.versions),
    )
    (rows.heads if change.of_new else rows.advanced_heads).append(head)


def _add_projections(rows: ChangeRows, change: Change, handbook: Handbook) -> None:
    """Add policies, relatives and the customer's name."""
    customer_id, intake = change.customer_id, change.intake
    for policies, numbers in (
        (rows.policies, intake.added_policies),
        (rows.changed_policies, intake.changed_policies),
    ):
        policies.extend(
            policy_row(customer_id, intake.history.policies[number], handbook) for number in sorted(numbers)
        )
    for relatives, ids in (
        (rows.relatives, intake.added_relatives),
        (rows.changed_relatives, intake.changed_relatives),
    ):
        relatives.extend(_relative_row(customer_id, intake.history.relatives[each]) for each in sorted(ids))
    if intake.renamed:
        rows.renamed.append((customer_id, intake.history.name, intake.history.registered_on))


def _relative_row(customer_id: int, relative: Relative) -> Row:
    return customer_id, relative.relative_id, relative.name, relative.relation, relative.registered_on
