"""The ledger as a file: one line an entry, with every field that its hash covers, so that it can be verified.

`docs/exports.md` describes the columns and the hash.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from datetime import datetime
from enum import StrEnum

from app.exports.columns import Cell, Column, Language
from app.exports.csvs import csv_head, csv_rows, moment_text
from base.database import Pool
from ledger.ids import RedemptionId
from ledger.reports.exporting import ExportedEntry, stream_entries
from ledger.reports.filters import EntryFilter


class EntryForm(StrEnum):
    """The forms of a file of entries: CSV for spreadsheets, JSON Lines for programs."""

    CSV = "csv"
    JSONL = "jsonl"


def _redemption_id(row: ExportedEntry) -> str | None:
    first = row.entry.redemption
    return None if first is None else RedemptionId(row.entry.customer_id, first).opaque


COLUMNS: tuple[Column[ExportedEntry], ...] = (
    Column(name="customer_id", title="客户编号", cell=lambda row: row.entry.customer_id),
    Column(name="member_no", title="会员号", cell=lambda row: row.member_no),
    Column(name="sequence", title="序号", cell=lambda row: row.entry.sequence),
    Column(name="kind", title="分录类型", cell=lambda row: row.entry.kind.value),
    Column(name="benefit", title="服务项目", cell=lambda row: row.entry.pool.benefit),
    Column(name="period", title="额度所属年度", cell=lambda row: row.entry.pool.term),
    Column(name="policy_no", title="保单号", cell=lambda row: row.entry.pool.policy_no),
    Column(name="units", title="数量", cell=lambda row: row.entry.units),
    Column(name="service_year", title="服务年度", cell=lambda row: row.entry.service_year),
    Column(name="star", title="星级", cell=lambda row: row.entry.star),
    Column(name="edition", title="手册版本", cell=lambda row: row.entry.edition),
    Column(name="vendor", title="服务商", cell=lambda row: row.entry.vendor),
    Column(name="redemption", title="核销首条序号", cell=lambda row: row.entry.redemption),
    Column(name="redemption_id", title="核销编号", cell=_redemption_id),
    Column(name="beneficiary", title="使用人", cell=lambda row: row.entry.beneficiary),
    Column(name="option", title="选项", cell=lambda row: row.entry.option),
    Column(name="reference", title="预约号", cell=lambda row: row.entry.reference),
    Column(name="details", title="明细", cell=lambda row: row.entry.details),
    Column(name="occurred_at", title="发生时间", cell=lambda row: row.entry.occurred_at),
    Column(name="recorded_at", title="入账时间", cell=lambda row: row.entry.recorded_at),
    Column(name="subject", title="操作人", cell=lambda row: row.entry.subject),
    Column(name="previous_hash", title="上一条哈希", cell=lambda row: row.previous.hex()),
    Column(name="hash", title="哈希", cell=lambda row: row.entry.hash.hex()),
)


async def entry_chunks(
    pool: Pool, where: EntryFilter, form: EntryForm, *, progress: Callable[[int], None] | None = None
) -> AsyncGenerator[bytes]:
    """The file in pieces of some hundred entries; `progress` gets the number of entries so far.

    The first piece comes after the database's first answer. Closing the generator closes its cursor.
    """
    head, encoded = _BY_FORM[form]
    done = 0
    async with aclosing(stream_entries(pool, where)) as batches:
        async for batch in batches:
            # In a thread: it must not block redemptions.
            yield head + await asyncio.to_thread(encoded, batch)
            head, done = b"", done + len(batch)
            if progress is not None:
                progress(done)
    if head:
        yield head


def _csv(batch: Sequence[ExportedEntry]) -> bytes:
    return csv_rows(COLUMNS, batch, Language.EN)


def _json_lines(batch: Sequence[ExportedEntry]) -> bytes:
    lines = (
        json.dumps({column.name: _json_value(column.cell(row)) for column in COLUMNS}, ensure_ascii=False)
        for row in batch
    )
    return "".join(f"{line}\n" for line in lines).encode()


def _json_value(cell: Cell) -> object:
    return moment_text(cell) if isinstance(cell, datetime) else cell


_HEAD = csv_head(COLUMNS, Language.EN)
_BY_FORM: dict[EntryForm, tuple[bytes, Callable[[Sequence[ExportedEntry]], bytes]]] = {
    EntryForm.CSV: (_HEAD, _csv),
    EntryForm.JSONL: (b"", _json_lines),
}
