"""Files of working days: what they give is counted by, and a wrong one is refused with its place."""

from datetime import date, timedelta

import pytest

from app.editions import read_handbook
from app.errors import StartError
from app.settings import Settings
from handbook import (
    SHIPPED_EDITIONS,
    EditionError,
    WorkingCalendar,
    load_editions,
    load_handbook,
    read_source,
    read_sources,
    read_working_days,
    with_edition,
    working_calendar,
)
from handbook.calendar import is_weekend, is_working_day_as_shipped, ships_with
from tests.handbook.copies import Copy

YEAR = max(year for year in range(2004, 2150) if ships_with(year)) + 1
"""The first year that the calendar that ships does not know."""
KNOWN = YEAR - 1
SATURDAY = next(
    day for day in (date(YEAR, 10, 1) + timedelta(days=n) for n in range(7)) if day.weekday() == 5
)
FRIDAY, SUNDAY = SATURDAY - timedelta(days=1), SATURDAY + timedelta(days=1)
GOOD = f"""\
year: {YEAR}
cite: 国务院办公厅关于{YEAR}年部分节假日安排的通知
holidays:
  - {YEAR}-01-01
  - {{from: {YEAR}-02-05, to: {YEAR}-02-11}}
working_weekends:
  - {SATURDAY}
"""


def calendar_of(text: str, year: int = YEAR) -> WorkingCalendar:
    return working_calendar([(f"editions/working-days-{year}.yaml", text.encode())])


def test_a_file_gives_the_working_days_of_its_year():
    calendar = calendar_of(GOOD)
    assert calendar.knows(YEAR)
    assert not calendar.knows(YEAR + 1)
    assert not calendar.is_working_day(date(YEAR, 1, 1))
    assert not any(calendar.is_working_day(date(YEAR, 2, day)) for day in range(5, 12))
    assert calendar.is_working_day(SATURDAY)
    assert not calendar.is_working_day(SUNDAY)
    assert calendar.cites([(date(YEAR, 3, 1), date(YEAR, 3, 2))]) == (
        f"国务院办公厅关于{YEAR}年部分节假日安排的通知",
    )


WRONG = {
    "no YAML": ("year: [", "line 1", "this is not YAML"),
    "an empty file": ("", "line 1", "the file is empty"),
    "a key that is missing": (GOOD.replace("cite:", "# "), "cite (line 1)", "this key is missing"),
    "a key that is unknown": (GOOD + "notes: x\n", "notes (line 8)", "unknown key"),
    "a year that is not that of the name": (
        GOOD.replace(f"year: {YEAR}", f"year: {YEAR + 1}"),
        "year (line 1)",
        f"name it working-days-{YEAR + 1}.yaml, or correct the year",
    ),
    "a holiday of another year": (
        GOOD.replace(f"- {YEAR}-01-01", f"- {YEAR + 1}-01-01"),
        "holidays.1 (line 4)",
        f"{YEAR + 1}-01-01 is not a day of {YEAR}",
    ),
    "a span into another year": (
        GOOD.replace(f"to: {YEAR}-02-11", f"to: {YEAR + 1}-02-11"),
        "holidays.2.to (line 5)",
        f"{YEAR + 1}-02-11 is not a day of {YEAR}",
    ),
    "a span that ends before it begins": (
        GOOD.replace(f"to: {YEAR}-02-11", f"to: {YEAR}-02-04"),
        "holidays.2.to (line 5)",
        f"the last day off, {YEAR}-02-04, lies before the first, {YEAR}-02-05",
    ),
    "a holiday that is listed twice": (
        GOOD.replace(f"- {YEAR}-01-01", f"- {YEAR}-02-06"),
        "holidays.2 (line 5)",
        f"{YEAR}-02-06 is listed at holidays.1 (line 4) already",
    ),
    "no holiday": (
        f"year: {YEAR}\ncite: x\nholidays: []\nworking_weekends: []\n",
        "holidays (line 3)",
        "no day off is listed",
    ),
    "a day that is both": (
        GOOD.replace(f"- {YEAR}-01-01", f"- {SATURDAY}"),
        "working_weekends.1 (line 7)",
        f"{SATURDAY} is listed at holidays.1 (line 4) already",
    ),
    "a working weekend that is a weekday": (
        GOOD.replace(f"- {SATURDAY}", f"- {FRIDAY}"),
        "working_weekends.1 (line 7)",
        f"{FRIDAY} is a Friday and is worked anyway",
    ),
    "a working weekend of another year": (
        GOOD.replace(f"- {SATURDAY}", f"- {YEAR + 1}-10-02"),
        "working_weekends.1 (line 7)",
        f"is not a day of {YEAR}",
    ),
    "no day": (GOOD.replace(f"- {YEAR}-01-01", "- New Year"), "holidays.1 (line 4)", "is no day"),
    "no cite": (GOOD.replace("cite: ", 'cite: ""  # '), "cite (line 2)", "the text is empty"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_file_is_refused_with_its_place(wrong):
    text, place, reason = WRONG[wrong]
    with pytest.raises(EditionError) as caught:
        calendar_of(text)
    assert caught.value.file == f"editions/working-days-{YEAR}.yaml"
    assert caught.value.place == place
    assert reason in caught.value.reason


def as_shipped(year: int) -> tuple[list[date], list[date]]:
    """The weekdays off and the weekends that are worked, by the calendar that ships."""
    days = [date(year, 1, 1) + timedelta(days=ahead) for ahead in range(365)]
    off = [day for day in days if not is_weekend(day) and not is_working_day_as_shipped(day)]
    return off, [day for day in days if is_weekend(day) and is_working_day_as_shipped(day)]


def file_of(year: int, off: list[date], worked: list[date]) -> str:
    lists = {"holidays": off, "working_weekends": worked}
    return f"year: {year}\ncite: x\n" + "".join(
        f"{key}: [{', '.join(map(str, days))}]\n" for key, days in lists.items()
    )


def test_a_year_that_ships_may_be_given_if_it_agrees():
    off, worked = as_shipped(KNOWN)
    assert calendar_of(file_of(KNOWN, off, worked), KNOWN).knows(KNOWN)
    for text, kind in (
        (file_of(KNOWN, off[1:], worked), f"{off[0]} is a day off"),
        (file_of(KNOWN, off, worked[1:]), f"{worked[0]} is a working day"),
    ):
        with pytest.raises(EditionError) as caught:
            calendar_of(text, KNOWN)
        assert f"the calendar that ships knows {KNOWN}, and by it {kind}" in caught.value.reason
        assert caught.value.place == "year (line 1)"


def test_files_are_read_from_the_folders_that_there_are(tmp_path):
    data, editions = tmp_path / "data", tmp_path / "editions"
    data.mkdir()
    editions.mkdir()
    (editions / f"working-days-{YEAR}.yaml").write_text(GOOD)
    files = read_working_days(editions, data, tmp_path / "nowhere", editions)
    assert [file for file, _ in files] == [str(editions / f"working-days-{YEAR}.yaml")]
    (data / f"working-days-{YEAR}.yaml").write_text(GOOD)
    with pytest.raises(EditionError, match=rf"{YEAR} is given by .* too; keep one of the two"):
        working_calendar(read_working_days(editions, data))
    (data / f"working-days-{YEAR}.yaml").rename(data / f"working-days-{YEAR}.yml")
    with pytest.raises(EditionError, match=rf"name it working-days-{YEAR}\.yaml"):
        read_working_days(data)


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    (tmp_path / f"working-days-{YEAR}.yaml").mkdir()
    with pytest.raises(EditionError, match=r"the file cannot be read"):
        read_working_days(tmp_path)


def test_a_handbook_keeps_its_calendar_and_its_fingerprint():
    calendar = calendar_of(GOOD)
    handbook = load_handbook(calendar=calendar)
    assert handbook.calendar is calendar
    assert load_handbook().calendar == WorkingCalendar()
    assert handbook.fingerprint == load_handbook().fingerprint
    (source,) = read_sources(SHIPPED_EDITIONS)
    assert load_editions([source], calendar=calendar).calendar is calendar
    assert with_edition(handbook, read_source(SHIPPED_EDITIONS / "zhenxuan-1")).calendar is calendar


def test_a_start_reads_the_files_of_editions_and_data(tmp_path):
    editions, data = tmp_path / "editions", tmp_path / "data"
    editions.mkdir()
    data.mkdir()
    Copy(editions).add("later", f"{YEAR}-01-01")
    (editions / f"working-days-{YEAR}.yaml").write_text(GOOD)
    (data / f"working-days-{YEAR + 1}.yaml").write_text(GOOD)
    settings = Settings(editions=editions, data=data)
    with pytest.raises(StartError, match=r"the working days cannot be read: .*year \(line 1\)"):
        read_handbook(settings)
    (data / f"working-days-{YEAR + 1}.yaml").unlink()
    handbook = read_handbook(settings)
    assert [each.year for each in handbook.calendar.given] == [YEAR]
    assert len(handbook.editions) == 2


def test_working_days_may_lie_in_a_folder_that_is_itself_one_edition(tmp_path):
    copy = Copy(tmp_path).add("zhenxuan-2", "2027-01-01")
    (copy.folder / f"working-days-{YEAR}.yaml").write_text(GOOD, "utf-8")
    settings = Settings(editions=copy.folder)
    handbook = read_handbook(settings)
    assert handbook.latest.code == "zhenxuan-2"
    assert f"working-days-{YEAR}.yaml" not in handbook.sources["zhenxuan-2"].files
    assert handbook.calendar.knows(YEAR)
