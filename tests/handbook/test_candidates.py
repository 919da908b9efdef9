"""How an edition in a folder stands to those in force: the same, new, another text of a code, or wrong."""

from handbook import SHIPPED_EDITIONS, Standing, candidate, candidates, read_source, read_sources
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
