"""Copies of every customer of a database, under further ids and member numbers: a large portfolio in minutes.

What a copy says is what the service itself wrote of the customer that is copied, so reads, commands and
`entitlements verify` work on it: contents of events are hashed anew under their new ids, entries are chained anew, and
ids in stored outcomes name the copy. Two things differ from a portfolio that has grown: the rows of a customer lie
together, and many customers have the same history. Reconciliation, milestones and audit events are not copied.
"""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO

from base.database import Connection
from bench.history_stream import member_number
from ledger.ids import RedemptionId
from ledger.posting.chain import GENESIS, chained, entry_content
from ledger.posting.rows import ENTRY_COLUMNS, entry_of
from rating.events import content_hash, content_text, parse_event

_PLAIN = ("relatives", "policies", "rating_heads", "ratings", "rating_periods", "balances", "redemptions")
"""Tables of which the rows of a copy differ in the customer's id alone."""

_REWRITTEN = {
    "customers": ("id", "member_no", "name", "registered_on", "recorded_at"),
    "event_ids": ("customer_id", "arrival", "event_id", "content_hash"),
    "policy_events": (
        "customer_id",
        "arrival",
        "event_id",
        "type",
        "effective_on",
        "recorded_at",
        "subject",
        "body",
    ),
    "outcomes": ("customer_id", "actor", "key", "recorded_at", "subject", "request", "outcome"),
    "entries": ENTRY_COLUMNS,
    "ledger_heads": ("customer_id", "next_sequence", "last_recorded_at", "anchor", "last_hash"),
}
"""Tables of which more differs, and their columns: the customer's id first, a hash last."""

_COLUMNS = """
select string_agg(attname, ', ' order by attnum)
from pg_attribute
where attrelid = $1::text::regclass and attnum > 0 and not attisdropped and attgenerated = ''
    and attname <> 'customer_id'
"""
_SECONDARY_INDEXES = """
select indexrelid::regclass::text as name, pg_get_indexdef(indexrelid) as definition
from pg_index
where indrelid::regclass::text = any($1) and not indisunique
"""
_BYTES_A_MESSAGE = 1 << 16


@dataclass(frozen=True, slots=True, kw_only=True)
class _Original:
    """A customer that is copied, its rows of each rewritten table as COPY writes them, without the id.

    `contents` are those of the events; `entries` what is hashed of each entry, behind the customer's id; `redemptions`
    the sequences of their first entries.
    """

    id: int
    number: int
    rows: Mapping[str, Sequence[str]]
    contents: Sequence[bytes]
    entries: Sequence[bytes]
    redemptions: Sequence[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Copy:
    """The rows of one copy, by table, as COPY takes them."""

    original: _Original
    id: int
    number: int

    def rows(self, table: str, hashes: Sequence[bytes]) -> Iterator[str]:
        """The rows of a table; `hashes` are those of the copy's entries."""
        rows = self.original.rows[table]
        match table:
            case "entries":
                ends = [each.hex() for each in hashes]
                return (f"{self.id}\t{row[:-64]}{end}\n" for row, end in zip(rows, ends, strict=True))
            case "ledger_heads":
                end = (hashes[-1] if hashes else GENESIS).hex()
                return (f"{self.id}\t{row[:-64]}{end}\n" for row in rows)
            case "event_ids":
                ends = [content_hash(self._renamed_bytes(each)).hex() for each in self.original.contents]
                return (
                    f"{self.id}\t{self._renamed(row[:-64])}{end}\n"
                    for row, end in zip(rows, ends, strict=True)
                )
            case "outcomes":
                return (f"{self.id}\t{self._told_anew(row)}\n" for row in rows)
            case _:
                return (f"{self.id}\t{self._renamed(row)}\n" for row in rows)

    def hashes(self) -> list[bytes]:
        """Of its entries."""
        own_id = str(self.id).encode()
        begin = len(own_id).to_bytes(4) + own_id
        previous, found = GENESIS, []
        for rest in self.original.entries:
            previous = chained(previous, begin + rest)
            found.append(previous)
        return found

    def _renamed(self, row: str) -> str:
        return row.replace(member_number(self.original.number), member_number(self.number))

    def _told_anew(self, outcome: str) -> str:
        outcome = self._renamed(outcome)
        for each in self.original.redemptions:
            theirs = RedemptionId(self.original.id, each).opaque
            outcome = outcome.replace(theirs, RedemptionId(self.id, each).opaque)
        return outcome

    def _renamed_bytes(self, content: bytes) -> bytes:
        return content.replace(
            member_number(self.original.number).encode(), member_number(self.number).encode()
        )


async def multiply(
    conn: Connection, customers: int, *, progress: Callable[[int, int], None] = lambda *_: None
) -> None:
    """Copy all customers, as the owner, until there are so many; `progress` gets how many there are, of how many.

    Raises ValueError unless member numbers are those of `bench.history_stream` and the number is a multiple of them.
    """
    originals = await _originals(conn)
    if [each.number for each in originals] != list(range(1, len(originals) + 1)) or customers % len(
        originals
    ):
        raise ValueError(f"{customers} customers cannot be made of {len(originals)}")
    await conn.execute("set synchronous_commit = off")
    indexes = await conn.fetch(_SECONDARY_INDEXES, [*_PLAIN, *_REWRITTEN])
    for each in indexes:
        await conn.execute(f"drop index {each['name']}")
    highest = max(each.id for each in originals)
    for turn in range(1, customers // len(originals)):
        copies = [
            _Copy(original=each, id=each.id + turn * highest, number=each.number + turn * len(originals))
            for each in originals
        ]
        async with conn.transaction():
            await _write(conn, copies, originals_until=highest, ids_ahead=turn * highest)
        progress((turn + 1) * len(originals), customers)
    await conn.execute("set maintenance_work_mem = '256MB'")
    for each in indexes:
        await conn.execute(each["definition"])
    await conn.execute(
        "select setval(pg_get_serial_sequence('customers', 'id'), (select max(id) from customers))"
    )
    await conn.execute("vacuum (freeze, analyze)")


async def _write(conn: Connection, copies: Sequence[_Copy], *, originals_until: int, ids_ahead: int) -> None:
    for table in _PLAIN:
        columns = await conn.fetchval(_COLUMNS, table)
        await conn.execute(
            f"insert into {table} (customer_id, {columns}) select customer_id + $1, {columns} from {table} "  # noqa: S608 (names of tables)
            "where customer_id <= $2 order by customer_id",
            ids_ahead,
            originals_until,
        )
    hashes = [each.hashes() for each in copies]
    for table, columns in _REWRITTEN.items():
        rows = (row for each, its in zip(copies, hashes, strict=True) for row in each.rows(table, its))
        await conn.copy_to_table(table, source=_messages(rows), columns=columns)


async def _messages(rows: Iterator[str]) -> AsyncIterator[bytes]:
    """The rows, some thousand at a time."""
    buffer = bytearray()
    for row in rows:
        buffer += row.encode()
        if len(buffer) >= _BYTES_A_MESSAGE:
            yield bytes(buffer)
            buffer.clear()
    yield bytes(buffer)


async def _originals(conn: Connection) -> list[_Original]:
    rows = {table: await _rows_by_id(conn, table) for table in _REWRITTEN}
    contents: dict[int, list[bytes]] = {}
    for row in await conn.fetch("select customer_id, body from policy_events order by customer_id, arrival"):
        contents.setdefault(row["customer_id"], []).append(content_text(parse_event(row["body"])))
    entries: dict[int, list[bytes]] = {}
    redemptions: dict[int, list[int]] = {}
    for row in await conn.fetch("select * from entries order by customer_id, sequence"):
        its_id = str(row["customer_id"]).encode()
        entries.setdefault(row["customer_id"], []).append(entry_content(entry_of(row))[4 + len(its_id) :])
        if row["redemption"] == row["sequence"]:
            redemptions.setdefault(row["customer_id"], []).append(row["sequence"])
    return [
        _Original(
            id=row["id"],
            number=int(row["member_no"][1:]),
            rows={table: of_table.get(row["id"], ()) for table, of_table in rows.items()},
            contents=contents.get(row["id"], ()),
            entries=entries.get(row["id"], ()),
            redemptions=redemptions.get(row["id"], ()),
        )
        for row in await conn.fetch("select id, member_no from customers order by id")
    ]


async def _rows_by_id(conn: Connection, table: str) -> dict[int, list[str]]:
    """The rows of a table as COPY writes them, without the customer's id, by it."""
    columns = ", ".join(_REWRITTEN[table])
    text = BytesIO()
    await conn.copy_from_query(f"select {columns} from {table} order by 1, 2", output=text)  # noqa: S608 (names of tables)
    found: dict[int, list[str]] = {}
    for line in text.getvalue().decode().split("\n")[:-1]:
        its_id, _, rest = line.partition("\t")
        found.setdefault(int(its_id), []).append(rest)
    return found
