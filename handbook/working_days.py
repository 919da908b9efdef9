"""The working days of a year that the calendar that ships does not know, given by the operator as a small file.

`working-days-2027.yaml` says which days of 2027 are off and which weekends are worked, and cites the notice that says
so. A wrong file raises an `EditionError` that names the file, the place in it and the reason, as with an edition: a
deadline counted from a mistyped day would look right.
"""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from pathlib import Path

from handbook.calendar import WorkingCalendar, WorkingYear, is_weekend, is_working_day_as_shipped, ships_with
from handbook.nodes import EditionError, Entry, Lines, compose, place_of
from handbook.sources import WORKING_DAYS_PREFIX

_FIRST_YEAR, _LAST_YEAR = 2000, 2200


def working_calendar(files: Iterable[tuple[str, bytes]]) -> WorkingCalendar:
    """Return the calendar with the years that the files, by path, give. Raises EditionError."""
    years: dict[int, WorkingYear] = {}
    places: dict[int, str] = {}
    for file, content in files:
        year = _working_year(file, content)
        if year.year in places:
            reason = f"{year.year} is given by {places[year.year]} too; keep one of the two"
            raise EditionError(file, "file", reason)
        years[year.year], places[year.year] = year, file
    return WorkingCalendar(tuple(years[each] for each in sorted(years)))


def _working_year(file: str, content: bytes) -> WorkingYear:
    lines: Lines = {}
    top = compose(file, content, lines)
    fields = top.fields(("year", "cite", "holidays", "working_weekends"))
    number = fields["year"].whole(_FIRST_YEAR, _LAST_YEAR)
    name = f"{WORKING_DAYS_PREFIX}{number}.yaml"
    if Path(file).name != name:
        raise fields["year"].error(f"the file gives the year {number}; name it {name}, or correct the year")
    seen: dict[date, Entry] = {}
    holidays = frozenset(_days(fields["holidays"], number, seen))
    if not holidays:
        raise fields["holidays"].error(f"no day off is listed; write the public holidays of {number}")
    working = _working_weekends(fields["working_weekends"], number, seen)
    year = WorkingYear(year=number, cite=fields["cite"].text(), holidays=holidays, working_weekends=working)
    _refuse_other_than_shipped(fields["year"], year)
    return year


def _working_weekends(listed: Entry, year: int, seen: dict[date, Entry]) -> frozenset[date]:
    found = []
    for item in listed.items():
        day = _of_year(item, item.day(), year)
        if not is_weekend(day):
            raise item.error(f"{day} is a {day:%A} and is worked anyway; list Saturdays and Sundays only")
        _once(item, day, seen)
        found.append(day)
    return frozenset(found)


def _days(listed: Entry, year: int, seen: dict[date, Entry]) -> Iterator[date]:
    """Yield the days of a list of days, and of spans {from, to} with both days included."""
    for item in listed.items():
        for day in _span(item, year):
            _once(item, day, seen)
            yield day


def _span(item: Entry, year: int) -> Iterator[date]:
    if not item.is_mapping:
        yield _of_year(item, item.day(), year)
        return
    ends = item.fields(("from", "to"))
    first, last = (_of_year(ends[key], ends[key].day(), year) for key in ("from", "to"))
    if last < first:
        raise ends["to"].error(f"the last day off, {last}, lies before the first, {first}")
    yield from (first + timedelta(days=ahead) for ahead in range((last - first).days + 1))


def _of_year(item: Entry, day: date, year: int) -> date:
    if day.year != year:
        raise item.error(f"{day} is not a day of {year}; it belongs into the file of {day.year}")
    return day


def _once(item: Entry, day: date, seen: dict[date, Entry]) -> None:
    if day in seen:
        where = place_of(seen[day].path, seen[day].line)
        raise item.error(f"{day} is listed at {where} already; keep one of the two")
    seen[day] = item


def _refuse_other_than_shipped(place: Entry, year: WorkingYear) -> None:
    """A year that the shipped calendar knows may be given too if both agree: an update must not stop the start."""
    if not ships_with(year.year):
        return
    first, end = date(year.year, 1, 1), date(year.year + 1, 1, 1)
    for day in (first + timedelta(days=ahead) for ahead in range((end - first).days)):
        if year.is_working_day(day) != is_working_day_as_shipped(day):
            kind = "a day off" if year.is_working_day(day) else "a working day"
            reason = (
                f"the calendar that ships knows {year.year}, and by it {day} is {kind}; "
                "remove the file, or correct that day"
            )
            raise place.error(reason)
