"""How an edition in a folder stands to those in force: the same, new, another text of a code, or wrong."""

from copy import deepcopy

from handbook import (
    SHIPPED_EDITIONS,
    Standing,
    candidate,
    candidates,
    candidates_in,
    named,
    read_source,
    read_sources,
    with_edition,
)
from tests.editions import changed
from tests.handbook.copies import Copy


def test_the_text_that_is_in_force_is_active(handbook):
    (found,) = candidates(handbook, read_sources(SHIPPED_EDITIONS))
    assert (found.standing, found.handbook, found.edition) == (Standing.ACTIVE, handbook, handbook.latest)


def test_what_is_only_written_otherwise_is_active_too(handbook, tmp_path):
    copy = Copy(tmp_path).add("zhenxuan-1", "1990-01-01")
    text = (copy.folder / "edition.yaml").read_text("utf-8")
    (copy.folder / "edition.yaml").write_text(f"# Typed in again.\n{text}", "utf-8")
    found = candidate(handbook, read_source(copy.folder))
    assert (found.standing, found.handbook) == (Standing.ACTIVE, handbook)


def test_a_later_edition_is_a_candidate_and_ends_the_one_before(handbook, tmp_path):
    copy = Copy(tmp_path).add("zhenxuan-2", "2027-01-01")
    found = candidate(handbook, read_source(copy.folder))
    assert found.standing is Standing.NEW
    assert [str(each.effective_to) for each in found.handbook.editions] == ["2027-01-01", "None"]
    assert found.edition.code == "zhenxuan-2"


def test_another_text_of_a_code_would_take_its_place(handbook, tmp_path):
    folder = changed(tmp_path, "zhenxuan-1", "1990-01-01", lambda draft: draft.setting("backdating_days", 60))
    found = candidate(handbook, read_source(folder))
    assert found.standing is Standing.DIFFERS
    assert [each.settings.backdating_days for each in found.handbook.editions] == [60]


def test_an_edition_that_does_not_go_with_those_in_force_is_wrong_and_says_where(handbook, tmp_path):
    copy = Copy(tmp_path).add("zhenxuan-2", "1990-01-01")
    found = candidate(handbook, read_source(copy.folder))
    assert (found.standing, found.handbook, found.edition) == (Standing.WRONG, None, None)
    assert "effective_from" in str(found.error)


def _refused(handbook, folder):
    found = candidate(handbook, read_source(folder))
    assert (found.standing, found.handbook) == (Standing.WRONG, None)
    return found.error


def test_a_correction_drops_no_benefit(handbook, tmp_path):
    folder = changed(tmp_path, "zhenxuan-1", "1990-01-01", lambda draft: draft.drop("legal-consultation"))
    error = _refused(handbook, folder)
    assert error.file == str(folder / "edition.yaml")
    assert error.place.startswith("sections (line ")
    assert "benefit legal-consultation is missing" in error.reason
    assert error.reason.endswith("add it, or drop it in a new edition")


def test_a_correction_counts_a_benefit_as_before(handbook, tmp_path):
    def by_membership(draft):
        for grade in draft.benefit("policy-cover")["grid"].values():
            if isinstance(grade, dict):
                grade["per"] = "MEMBERSHIP"

    folder = changed(tmp_path, "zhenxuan-1", "1990-01-01", by_membership)
    error = _refused(handbook, folder)
    assert error.file == str(folder / "privileges.yaml")
    assert error.place.startswith("benefits.policy-cover.grid.")
    assert "per MEMBERSHIP, but it was per POLICY in edition zhenxuan-1" in error.reason


def test_a_correction_keeps_its_first_day(handbook, tmp_path):
    copy = Copy(tmp_path).add("zhenxuan-1", "2027-01-01")
    error = _refused(handbook, copy.folder)
    assert error.file == str(copy.folder / "edition.yaml")
    assert error.place.startswith("effective_from (line ")
    assert error.reason == (
        "2027-01-01, but edition zhenxuan-1 is in force from 1990-01-01; write a new code, or keep the day"
    )


def test_a_correction_of_a_later_edition_is_compared_with_it_too(handbook, tmp_path):
    later = Copy(tmp_path / "active").add("zhenxuan-2", "2027-01-01")
    active = with_edition(handbook, read_source(later.folder))
    moved = Copy(tmp_path / "moved").add("zhenxuan-2", "2027-02-01")
    assert "in force from 2027-01-01" in _refused(active, moved.folder).reason
    dropped = changed(
        tmp_path / "dropped", "zhenxuan-2", "2027-01-01", lambda draft: draft.drop("legal-consultation")
    )
    assert "a correction drops none" in _refused(active, dropped).reason


def test_a_correction_may_add_a_benefit(handbook, tmp_path):
    def vip_line_again(draft):
        again = deepcopy(draft.benefit("vip-line"))
        draft.section_of("vip-line")["second-line"] = again

    folder = changed(tmp_path, "zhenxuan-1", "1990-01-01", vip_line_again)
    found = candidate(handbook, read_source(folder))
    assert (found.standing, found.error) == (Standing.DIFFERS, None)
    assert "second-line" in found.handbook.benefit_codes


def test_a_code_is_a_folders_text_or_the_one_in_force_as_is_asked(handbook, tmp_path):
    folder = changed(tmp_path, "zhenxuan-1", "1990-01-01", lambda draft: draft.setting("backdating_days", 60))
    found = candidates_in(handbook, [SHIPPED_EDITIONS, folder])
    days = {
        first: named(handbook, found, "zhenxuan-1", active_first=first).edition.settings.backdating_days
        for first in (True, False)
    }
    assert days == {True: 31, False: 60}
    assert named(handbook, found, "zhenxuan-9") is None
    assert named(handbook, (), "zhenxuan-1").standing is Standing.ACTIVE


def test_a_wrong_correction_is_not_hidden_by_the_text_that_it_would_replace(handbook, tmp_path):
    folder = changed(tmp_path, "zhenxuan-1", "1990-01-01", lambda draft: draft.drop("legal-consultation"))
    found = candidates_in(handbook, [SHIPPED_EDITIONS, folder])
    assert named(handbook, found, "zhenxuan-1").standing is Standing.WRONG
    assert named(handbook, found, "zhenxuan-1", active_first=True).standing is Standing.ACTIVE


def test_what_the_files_of_folders_mean_is_kept_until_one_changes(handbook, tmp_path):
    copy = Copy(tmp_path).add("zhenxuan-2", "2027-01-01")
    first = candidates_in(handbook, [tmp_path])
    assert candidates_in(handbook, [tmp_path]) is first
    copy.change("edition.yaml", "", "code: zhenxuan-2", "code: zhenxuan-3")
    assert [each.code for each in candidates_in(handbook, [tmp_path])] == ["zhenxuan-3"]
