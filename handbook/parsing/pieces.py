"""What several parts of an edition have alike: codes, quotes, hours, discrepancies, one value for each star."""

from collections.abc import Iterator

from handbook.benefits import Days, Hours
from handbook.clauses import Clause, Discrepancy, Page, Sentence
from handbook.nodes import Entry

# Sanity limits, not numbers of the handbook: a greater value is a typing error. All of them, and their sums, fit the
# columns of the database (stars are smallint, units integer) and the range of dates.
DAYS_MAX = 3660
STARS_MAX = 100


def codes(entry: Entry) -> tuple[str, ...]:
    """Return a list of different codes."""
    found: list[str] = []
    for item in entry.items():
        code = item.code()
        if code in found:
            raise item.error(f"{code} is listed twice; keep one of the two")
        found.append(code)
    return tuple(found)


def by_star(entry: Entry) -> Iterator[tuple[int, Entry]]:
    """Yield the entries of a mapping from star to value; the stars must be 1, 2, 3, ... in this order."""
    for expected, (key, value) in enumerate(entry.entries().items(), start=1):
        if key != str(expected):
            raise value.error(
                f"expected star {expected} here; stars are written in order, from 1, without a gap"
            )
        if expected > STARS_MAX:
            raise value.error(f"more than {STARS_MAX} stars cannot be meant; write fewer")
        yield expected, value


def quotes(entry: Entry) -> tuple[str, ...]:
    """Return clauses, word for word: at least one, each a piece of the print without a gap."""
    found = tuple(item.text() for item in entry.items())
    if not found:
        raise entry.error("quote the printed clause or clauses that this is taken from")
    return found


def hours(entry: Entry) -> Hours:
    """Return the hours in which something is served, on one day or until midnight."""
    fields = entry.fields(("days", "from", "to", "cite"))
    from_, to = fields["from"].time_of_day(), fields["to"].time_of_day()
    if from_ is None or (to is not None and to <= from_):
        raise fields["to"].error("what is served begins before it ends, on one day; write 24:00 for midnight")
    return Hours(days=fields["days"].choice(Days), from_=from_, to=to, cite=quotes(fields["cite"]))


def discrepancy(entry: Entry) -> Discrepancy:
    """Return clauses of different pages that differ, and the one that governs."""
    fields = entry.fields(("clauses", "governs", "read_as", "read_as_en"), ("cells",))
    clauses: list[Clause] = []
    for item in fields["clauses"].items():
        clause = item.fields(("page", "says"))
        page = clause["page"].choice(Page)
        if page in (each.page for each in clauses):
            raise clause["page"].error(f"{page} is quoted twice; quote each page once")
        clauses.append(Clause(page=page, says=clause["says"].text()))
    if len(clauses) < 2:  # noqa: PLR2004 - it takes two to differ
        raise fields["clauses"].error("a discrepancy needs the two clauses that differ")
    pages = [each.page for each in clauses]
    governs = fields["governs"].choice(Page)
    if governs not in pages:
        raise fields["governs"].error(
            f"no clause of page {governs} is quoted; quoted are: {', '.join(pages)}"
        )
    return Discrepancy(
        clauses=tuple(clauses),
        governs=governs,
        read_as=fields["read_as"].text(),
        read_as_en=fields["read_as_en"].text(),
        cells=tuple(item.whole(1, STARS_MAX) for item in fields["cells"].items())
        if "cells" in fields
        else (),
    )


def sentence(entry: Entry) -> Sentence:
    """Return a sentence of the print, with its English."""
    fields = entry.fields(("text", "text_en"))
    return Sentence(text=fields["text"].text(), text_en=fields["text_en"].text())
