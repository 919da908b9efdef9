"""Every query of every `.sql` file runs as it stands: anybody can read it, run it in psql and look at its plan."""

import re
from pathlib import Path

import asyncpg

from base.sql import Queries

ROOT = Path(__file__).parents[1]
FILES = [
    path
    for package in ("app", "base", "demo", "ledger", "rating")
    for path in sorted((ROOT / package).rglob("*.sql"))
    if "migrations" not in path.parts
]
HOLE = re.compile(r"\{[a-z_]+\}")
MAKES_TABLES = re.compile(r"^create temporary table", re.MULTILINE)


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


async def test_every_query_of_every_file_runs_as_it_stands(database):
    """Each is prepared in the order of its file, and what makes temporary tables is run: later ones read these."""
    failed, prepared = [], 0
    async with database.owner_pool.acquire() as conn:
        for path in FILES:
            transaction = conn.transaction()
            await transaction.start()
            for name, text in Queries(path).items():
                for statement in text.split(";\n"):
                    try:
                        async with conn.transaction():
                            runs = await conn.prepare(statement)
                            if MAKES_TABLES.search(statement):
                                await runs.fetch(*[None for _ in runs.get_parameters()])
                            prepared += 1
                    except asyncpg.PostgresError as error:
                        failed.append(f"{named(path)}: {name}: {error}")
            await transaction.rollback()
    assert failed == []
    assert prepared > 150


def test_no_query_has_a_hole_to_be_filled_in():
    assert [named(path) for path in FILES if HOLE.search(path.read_text(encoding="utf-8"))] == []


def test_every_query_ends_in_a_semicolon():
    """So that a whole file can be given to psql, too."""
    texts = {path: path.read_text(encoding="utf-8") for path in FILES}
    unended = [
        f"{named(path)}: {part.splitlines()[0]}"
        for path, text in texts.items()
        for part in text.split("-- name: ")[1:]
        if not [line for line in part.splitlines() if line and not line.startswith("--")][-1].endswith(";")
    ]
    assert unended == []


def test_only_the_start_of_the_service_changes_sessions_beyond_a_transaction():
    """A connection of requests that goes back to its pool is not reset, which would cost a query a read."""
    changing = re.compile(r"(set(?! (local|constraints))|reset|listen|declare|discard|load|prepare)\b")
    lasting = re.compile(r"pg_(try_)?advisory_lock|set_config\((?!'[a-z_]+', '[a-z0-9]+', true\))")
    found = set()
    for path in FILES:
        for text in Queries(path).values():
            lines = "\n".join(
                line for line in text.lower().splitlines() if not line.lstrip().startswith("--")
            )
            if lasting.search(lines) or any(changing.match(each.strip()) for each in lines.split(";\n")):
                found.add(named(path))
    assert found == {"demo/loading.sql", "rating/activating.sql"}
