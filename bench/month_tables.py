"""The month of `statement_month` in tables: what the ledger holds, and the lines of the statement, by COPY."""

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import asyncpg

from base.database import Connection
from bench.statement_month import MONTH, OTHER_VENDOR, PRICES, VENDOR, Month, member_no
from ledger.reconciliation.values import StatementLine

NOW = datetime(2026, 11, 5, 1, tzinfo=UTC)
_STATEMENT = 1

_REDEMPTION = [
    "customer_id",
    "sequence",
    "status",
    "benefit",
    "variant",
    "period",
    "service_year",
    "policy_no",
    "option",
    "beneficiary",
    "vendor",
    "units",
    "reference",
    "evidence",
    "star",
    "edition",
    "occurred_at",
    "recorded_at",
    "expires_at",
    "reason",
]
"""The columns that are filled; further ones have defaults."""


async def fill_ledger(owner: asyncpg.Connection, month: Month, file: Path) -> int:
    """Fill the ledger before the statement; return the number of redemptions."""
    _write(file, ((n, member_no(n), f"客户{n}", "2025-01-01", NOW) for n in range(1, month.members + 1)))
    await owner.copy_to_table("customers", source=file)
    for code in (VENDOR, OTHER_VENDOR):
        await owner.execute("INSERT INTO vendors VALUES ($1, $1, $2)", code, NOW)
        await owner.executemany(
            "INSERT INTO contract_terms (vendor, benefit, variant, starts_on, ends_on, unit_price)"
            " VALUES ($1, $2, $3, $4, $5, $6)",
            [(code, *term) for term in PRICES],
        )
    count = _write(
        file,
        (
            (
                *(
                    each.customer_id,
                    each.sequence,
                    each.status,
                    each.benefit,
                    each.variant,
                    1,
                    1,
                    "",
                    None,
                    None,
                ),
                *(each.vendor, each.units, each.reference, "[]", each.star, "2024-01"),
                *(each.occurred_at, each.occurred_at, None, None),
            )
            for each in month.deliveries()
        ),
    )
    await owner.copy_to_table("redemptions", source=file, columns=_REDEMPTION)
    for table in ("customers", "vendors", "contract_terms", "redemptions"):
        await owner.execute(f"VACUUM (ANALYZE) {table}")
    return count


async def store_lines(conn: Connection, file: Path) -> None:
    """Store the statement as `submit` does, in the transaction in which it is matched."""
    await conn.execute("INSERT INTO periods (vendor, month) VALUES ($1, $2)", VENDOR, MONTH)
    await conn.copy_to_table("statement_lines", source=file)
    await conn.execute(
        """
        INSERT INTO statements
            (period, vendor, number, lines, units, amount, first_day, last_day, content, submitted_by,
             submitted_at)
        SELECT 1, $1, 'S-202610', count(*), sum(units), sum(amount), min(occurred_on), max(occurred_on),
            sha256('made up'), 'bench', $2
        FROM statement_lines
        """,
        VENDOR,
        NOW,
    )


def write_lines(file: Path, month: Month) -> int:
    """Write the lines as `store_lines` reads them; how many."""
    return _write(file, (_stored(line) for line in month.lines()))


def _stored(line: StatementLine) -> tuple[object, ...]:
    known = int(line.member_no[1:]) if len(line.member_no) == len(member_no(1)) else None
    return (
        *(_STATEMENT, line.line_no, line.reference, line.member_no, known),
        *(line.benefit, line.units, line.occurred_on, line.amount),
    )


def _write(file: Path, rows: Iterable[tuple[object, ...]]) -> int:
    """Write rows as COPY reads them, none of whose texts needs an escape; how many."""
    count = 0
    with file.open("w", encoding="utf-8") as out:
        for row in rows:
            out.write("\t".join("\\N" if value is None else str(value) for value in row) + "\n")
            count += 1
    return count
