"""Writing what was recorded, table by table: append-only tables by COPY, projections by UPDATE.

Everything here happens under the locks of the customers' rating heads, so a policy or relative that no stored event
names has no row yet, and one that some event names has one.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from base.database import Connection, RawJson
from base.sql import Queries
from handbook.handbook import Handbook
from rating.events import SentEvent
from rating.folding import Arrived
from rating.history import PolicyHistory, Relative
from rating.intake import Intake, Stored, Version
from rating.timeline import METHOD

SQL = Queries(Path(__file__).with_name("recording.sql"))

Row = tuple[object, ...]

_EVENT_IDS = ("event_id", "customer_id", "arrival", "content_hash")
_EVENTS = ("customer_id", "arrival", "event_id", "type", "effective_on", "recorded_at", "body", "subject")
_RATINGS = ("customer_id", "version", "known_from", "computed_at", "handbook", "method")
_SPANS = ("customer_id", "version", "starts_on", "ends_on", "star", "rated_premium", "edition")
_POLICIES = (
    "customer_id",
    "policy_no",
    "line",
    "coverage",
    "category",
    "design",
    "issued_on",
    "cooling_off_ends_on",
    "statuses",
    "components",
)
_RELATIVES = ("customer_id", "relative_id", "name", "relation", "registered_on")


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


async def write_changes(
    conn: Connection,
    changes: Sequence[Change],
    *,
    now: datetime,
    handbook: Handbook,
    subject: str | None = None,
) -> None:
    """Write everything that was recorded, with `subject` as its sender.

    Raises UniqueViolationError when another transaction has used an event id meanwhile.
    """
    changes = [change for change in changes if change.intake.events]
    if not changes:
        return
    await _write_events(conn, changes, subject)
    versions = {change.customer_id: change.intake.versions for change in changes}
    await write_versions(conn, versions, now=now)
    heads = [
        (
            change.customer_id,
            change.intake.events[-1].arrival,
            change.stored.version + len(change.intake.versions),
        )
        for change in changes
    ]
    await conn.execute(SQL["advance_heads"], *columns(heads))
    await _write_policies(conn, changes, handbook)
    await _write_people(conn, changes)


async def write_versions(
    conn: Connection, versions: Mapping[int, Sequence[Version]], *, now: datetime
) -> None:
    """Append rating versions of customers, with their spans; the heads are the caller's."""
    ratings = [
        (customer_id, each.version, each.known_from, now, each.handbook.fingerprint, METHOD)
        for customer_id, of_customer in versions.items()
        for each in of_customer
    ]
    spans = [
        (
            customer_id,
            each.version,
            span.start,
            span.end,
            span.star,
            span.rated_premium,
            span.edition,
        )
        for customer_id, of_customer in versions.items()
        for each in of_customer
        for span in each.spans
    ]
    await _copy(conn, "ratings", _RATINGS, ratings)
    await _copy(conn, "rating_periods", _SPANS, spans)


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


def columns(rows: Iterable[Row]) -> tuple[list[object], ...]:
    """Turn rows into one array for each column, as `unnest` takes them."""
    return tuple(list(column) for column in zip(*rows, strict=True))


async def _write_events(conn: Connection, changes: Sequence[Change], subject: str | None) -> None:
    ids: list[Row] = []
    events: list[Row] = []
    for change in changes:
        for arrived, sent in change.appended:
            event = arrived.event
            ids.append((event.event_id, change.customer_id, arrived.arrival, sent.hash))
            events.append(
                (
                    change.customer_id,
                    arrived.arrival,
                    event.event_id,
                    event.type,
                    event.effective_on,
                    arrived.recorded_at,
                    RawJson(sent.text),
                    subject,
                )
            )
    # Sorted, so that two transactions that take the same ids wait for each other without a deadlock.
    await _copy(conn, "event_ids", _EVENT_IDS, sorted(ids))
    await _copy(conn, "policy_events", _EVENTS, events)


async def _write_policies(conn: Connection, changes: Sequence[Change], handbook: Handbook) -> None:
    added: list[Row] = []
    changed: list[Row] = []
    for change in changes:
        for rows, names in ((added, change.intake.added_policies), (changed, change.intake.changed_policies)):
            rows += [
                policy_row(change.customer_id, change.intake.history.policies[policy_no], handbook)
                for policy_no in sorted(names)
            ]
    await _copy(conn, "policies", _POLICIES, added)
    if changed:
        await conn.execute(SQL["change_policies"], *columns(changed))


async def _write_people(conn: Connection, changes: Sequence[Change]) -> None:
    added: list[Row] = []
    changed: list[Row] = []
    for change in changes:
        for rows, names in (
            (added, change.intake.added_relatives),
            (changed, change.intake.changed_relatives),
        ):
            rows += [
                _relative_row(change.customer_id, change.intake.history.relatives[relative_id])
                for relative_id in sorted(names)
            ]
    await _copy(conn, "relatives", _RELATIVES, added)
    if changed:
        await conn.execute(SQL["change_relatives"], *columns(changed))
    renamed = [
        (change.customer_id, change.intake.history.name, change.intake.history.registered_on)
        for change in changes
        if change.intake.renamed
    ]
    if renamed:
        await conn.execute(SQL["rename_customers"], *columns(renamed))


def _relative_row(customer_id: int, relative: Relative) -> Row:
    return customer_id, relative.relative_id, relative.name, relative.relation, relative.registered_on


async def _copy(conn: Connection, table: str, names: Sequence[str], rows: Sequence[Row]) -> None:
    if rows:
        await conn.copy_records_to_table(table, records=rows, columns=names)
