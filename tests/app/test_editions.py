"""The first activation of a database: the shipped editions and the operator's own."""

from datetime import date

import pytest

from app.editions import not_served, read_handbook
from app.errors import StartError
from app.settings import Settings
from handbook import load_handbook
from tests.editions import changed
from tests.handbook.copies import Copy


def test_further_editions_follow_the_shipped_ones(tmp_path):
    Copy(tmp_path).add("zhenxuan-2", "2027-01-01")
    handbook = read_handbook(Settings(editions=tmp_path))
    assert [edition.code for edition in handbook.editions] == ["zhenxuan-1", "zhenxuan-2"]
    last_day, first_day = handbook.on(date(2026, 12, 31)), handbook.on(date(2027, 1, 1))
    assert last_day is not None
    assert first_day is not None
    assert (last_day.code, first_day.code) == ("zhenxuan-1", "zhenxuan-2")


def test_without_a_folder_there_are_the_shipped_editions():
    assert [edition.code for edition in read_handbook(Settings()).editions] == ["zhenxuan-1"]


def test_an_edition_in_force_from_a_day_that_has_one_stops_the_start(tmp_path):
    Copy(tmp_path).add("zhenxuan-2", "1990-01-01")
    with pytest.raises(StartError, match="zhenxuan-2"):
        read_handbook(Settings(editions=tmp_path))


def test_a_folder_of_working_days_alone_holds_no_edition_and_is_right(tmp_path):
    (tmp_path / "working-days-2027.yaml").write_text(
        "year: 2027\ncite: S\nholidays:\n  - 2027-01-01\nworking_weekends: []\n"
    )
    assert [edition.code for edition in read_handbook(Settings(editions=tmp_path)).editions] == ["zhenxuan-1"]


def test_a_correction_that_waits_in_the_folder_is_told(tmp_path):
    active = load_handbook()
    same, corrected = tmp_path / "same", tmp_path / "corrected"
    Copy(same).add("zhenxuan-1", "1990-01-01")
    assert not_served(active, Settings(editions=same)) == []

    def change(draft):
        draft.top["tiers"]["1"]["from"] = 25_000

    changed(corrected, "zhenxuan-1", "1990-01-01", change)
    (line,) = not_served(active, Settings(editions=corrected))
    assert "differs from the active one" in line
    assert "`entitlements edition activate zhenxuan-1`" in line
