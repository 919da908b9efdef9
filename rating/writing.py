"""Writing what was recorded, table by table: append-only tables by COPY, projections by UPDATE.

Everything here happens under the locks of the customers' rating heads.
"""

from collections.abc import Iterable
from pathlib import Path

from base.database import Connection
from base.sql import Queries
from rating.change_rows import ChangeRows, Row

SQL = Queries(Path(__file__).with_name("recording.sql"))

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
_HEADS = ("customer_id", "arrivals", "version")


async def write_rows(conn: Connection, rows: ChangeRows) -> None:
    """Write everything that was recorded, one statement a table.

    Raises UniqueViolationError when another transaction has used an event id meanwhile.
    """
    for table, names, added in (
        ("event_ids", _EVENT_IDS, rows.event_ids),
        ("policy_events", _EVENTS, rows.events),
        ("ratings", _RATINGS, rows.ratings),
        ("rating_periods", _SPANS, rows.spans),
        ("rating_heads", _HEADS, rows.heads),
        ("policies", _POLICIES, rows.policies),
        ("relatives", _RELATIVES, rows.relatives),
    ):
        if added:
            await conn.copy_records_to_table(table, records=added, columns=names)
    for query, changed in (
        ("advance_heads", rows.advanced_heads),
        ("change_policies", rows.changed_policies),
        ("change_relatives", rows.changed_relatives),
        ("rename_customers", rows.renamed),
    ):
        if changed:
            await conn.execute(SQL[query], *columns(changed))


def columns(rows: Iterable[Row]) -> tuple[list[object], ...]:
    """Turn rows into one array for each column, as `unnest` takes them."""
    return tuple(list(column) for column in zip(*rows, strict=True))
