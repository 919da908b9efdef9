"""Files and folders that are no edition, and keys that are missing, unknown or written twice."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import yaml

from handbook import SHIPPED_EDITIONS, EditionError, load_handbook
from tests.handbook.copies import Copy, EditionCopy

FILES = ["edition.yaml", "privileges.yaml", "health-steward.yaml", "prevention.yaml", "care-access.yaml"]
OPTIONAL = {
    ("benefits", "*", "hours"),
    ("benefits", "*", "minutes_per_call"),
    ("benefits", "*", "waiting"),
    ("benefits", "*", "service_level"),
    ("benefits", "*", "service_level", "arrange_within_days"),
    ("benefits", "*", "wished_number"),
    ("benefits", "*", "conditions"),
    ("benefits", "*", "advantages"),
    ("benefits", "*", "discrepancies"),
    ("benefits", "*", "options"),
    ("benefits", "*", "evidence"),
    ("benefits", "*", "facilities"),
    ("benefits", "*", "channels", "*", "how"),
    ("benefits", "*", "channels", "*", "path"),
    ("channels", "*", "number"),
    ("channels", "*", "hours"),
}
NEEDED_BY_OTHERS = {"variant", "variants", "relation", "cells"}
"""Keys that may be missing where nothing else in the edition needs them; here something does."""
KEYED_BY_CODE = {"options", "evidence_kinds", "facilities", "channels", "benefits"}
KEYED_BY_STAR = {"tiers", "grid"}


@pytest.fixture
def edition(tmp_path) -> EditionCopy:
    return Copy(tmp_path).add("copied", "1990-01-01")


def refusal_of(*folders) -> EditionError:
    with pytest.raises(EditionError) as caught:
        load_handbook(*folders)
    return caught.value


@dataclass(frozen=True, slots=True)
class Key:
    """A key of a shipped file: where it stands in the text, and its path."""

    file: str
    path: str
    text: str
    begin: int
    cut: tuple[int, int]

    @property
    def name(self) -> str:
        return self.path.rpartition(".")[2]

    def __str__(self) -> str:
        return f"{self.file}:{self.path}"

    def without(self) -> str:
        return self.text[: self.cut[0]] + self.text[self.cut[1] :]

    def preceded_by(self, key: str) -> str:
        """The text with another key in the same mapping, in the style (block or flow) of the mapping."""
        column = self.begin - self.text.rindex("\n", 0, self.begin) - 1
        in_flow = "{" in self.text[self.begin - column : self.begin]
        between = ", " if in_flow else "\n" + " " * column
        return self.text[: self.begin] + f"{key}: x{between}" + self.text[self.begin :]


def keys_of(file: str, text: str, node: yaml.Node, path: str = "") -> Iterator[Key]:
    if isinstance(node, yaml.SequenceNode):
        for number, item in enumerate(node.value, start=1):
            yield from keys_of(file, text, item, f"{path}.{number}")
    if not isinstance(node, yaml.MappingNode):
        return
    for position, (key, value) in enumerate(node.value):
        below = f"{path}.{key.value}".removeprefix(".")
        begin = key.start_mark.index
        if position + 1 < len(node.value):
            cut = (begin, node.value[position + 1][0].start_mark.index)
        elif node.flow_style and position == 0:
            cut = (begin, value.end_mark.index)
        elif node.flow_style:
            cut = (node.value[position - 1][1].end_mark.index, value.end_mark.index)
        else:
            last = value.end_mark.index
            folded = isinstance(value, yaml.ScalarNode) and value.style == ">"
            flat = not folded and (isinstance(value, yaml.ScalarNode) or value.flow_style)
            cut = (
                text.rindex("\n", 0, begin),
                text.index("\n", last) if flat else text.rindex("\n", 0, last),
            )
        yield Key(file, below, text, begin, cut)
        yield from keys_of(file, text, value, below)


def kind_of(key: Key) -> tuple[str, ...]:
    """The place in the format: the same for every benefit, star and row."""
    parts = key.path.split(".")
    owners = ["", *parts]
    mapped = KEYED_BY_CODE | KEYED_BY_STAR
    return tuple(
        "*" if part.isdigit() or owner in mapped else part for owner, part in zip(owners, parts, strict=False)
    )


def kinds_of_keys() -> list[Key]:
    found: dict[tuple[str, ...], Key] = {}
    for file in FILES:
        text = "\n" + (SHIPPED_EDITIONS / "zhenxuan-1" / file).read_text("utf-8")
        for key in keys_of(file, text, yaml.compose(text, Loader=yaml.SafeLoader)):
            found.setdefault(kind_of(key), key)
    return list(found.values())


KEYS = kinds_of_keys()
FIXED_KEYS = [key for key in KEYS if kind_of(key)[-1] != "*"]


def test_the_walk_finds_the_keys_of_the_format():
    assert len(FIXED_KEYS) > 70
    assert {kind_of(key) for key in FIXED_KEYS} >= OPTIONAL
    assert {key.name for key in FIXED_KEYS} >= {
        "variant",
        "units",
        "cite",
        "from",
        "governs",
        "cells",
    }


def may_be_left_out(key: Key) -> bool:
    return kind_of(key) in OPTIONAL


def may_be_missing(key: Key) -> bool:
    return key.name in NEEDED_BY_OTHERS or kind_of(key) == ("options", "*", "cite")


@pytest.mark.parametrize(
    "key", [key for key in FIXED_KEYS if not may_be_left_out(key) and not may_be_missing(key)], ids=str
)
def test_a_missing_key_is_refused(edition, key):
    (edition.folder / key.file).write_text(key.without(), "utf-8")
    found = refusal_of(edition.folder)
    assert found.file == str(edition.folder / key.file)
    assert found.place.startswith(f"{key.path} (line ")
    assert "this key is missing" in found.reason


@pytest.mark.parametrize("key", [key for key in FIXED_KEYS if may_be_left_out(key)], ids=str)
def test_a_key_that_does_not_apply_to_a_benefit_may_be_left_out(edition, key):
    (edition.folder / key.file).write_text(key.without(), "utf-8")
    left, shipped = load_handbook(edition.folder).latest, load_handbook().latest
    assert (left.benefits, left.channels) != (shipped.benefits, shipped.channels)


@pytest.mark.parametrize("key", FIXED_KEYS, ids=str)
def test_an_unknown_key_is_refused(edition, key):
    text = key.preceded_by(f"{key.name}s-x")
    (edition.folder / key.file).write_text(text, "utf-8")
    found = refusal_of(edition.folder)
    line = text.count("\n", 0, key.begin) + 1
    assert found.place == f"{key.path}s-x (line {line})"
    assert found.reason.startswith("unknown key; ")
    assert key.name in found.reason


@pytest.mark.parametrize("key", KEYS, ids=str)
def test_a_key_written_twice_is_refused(edition, key):
    text = key.preceded_by(key.name)
    (edition.folder / key.file).write_text(text, "utf-8")
    found = refusal_of(edition.folder)
    assert found.place.startswith(f"{key.path} (line ")
    first = text.count("\n", 0, key.begin) + 1
    assert found.reason == f"the key is written twice, first on line {first}; keep one of the two"


@pytest.mark.parametrize(
    ("content", "place", "reason"),
    [
        (b"", "line 1", "the file is empty"),
        (b"# nothing but a remark\n", "line 1", "the file is empty"),
        (b"- a\n- b\n", "line 1", "expected keys with values"),
        (b"just words\n", "line 1", "expected keys with values"),
        (b"name: a\n name_en: b\n", "line 2", "this is not YAML"),
        (b"name: [a\n", "line 2", "this is not YAML"),
        (b"name: a\n---\nname: b\n", "line 2", "this is not YAML"),
        (b"name: *nobody\n", "line 1", "this is not YAML"),
        (b"name: a\nname_en: \x00\n", "line 2", "control character U+0000"),
        (b"name: a\n\nname_en: \xff\xfe\n", "line 3", "not UTF-8"),
        (b"[a, b]: c\n", "line 1", "a key must be a single word"),
        (b"name: a\nname_en: b\nbenefits: {}\n", "benefits (line 3)", "the section has no benefit"),
        (b"name: a\nname_en: b\nbenefits: null\n", "benefits (line 3)", "expected keys with values"),
        (b"[" * 5000, "line 1", "nested too deeply"),
    ],
)
def test_a_file_that_is_no_section_is_refused_by_line(edition, content, place, reason):
    (edition.folder / "prevention.yaml").write_bytes(content)
    found = refusal_of(edition.folder)
    assert found.file == str(edition.folder / "prevention.yaml")
    assert found.place == place
    assert reason in found.reason


def test_a_section_file_that_is_missing_or_not_listed_is_refused(edition):
    (edition.folder / "prevention.yaml").rename(edition.folder / "preventive.yaml")
    found = refusal_of(edition.folder)
    assert found.place.startswith("sections.3 (line ")
    assert (
        found.reason
        == "unknown section prevention: there is no file prevention.yaml; did you mean preventive?"
    )
    edition.change("edition.yaml", "sections:", "prevention, ", "")
    found = refusal_of(edition.folder)
    assert found.file.endswith("preventive.yaml")
    assert "list it under `sections`" in found.reason


def test_a_section_file_of_another_ending_is_refused_not_overlooked(edition):
    (edition.folder / "prevention.yaml").rename(edition.folder / "prevention.yml")
    assert refusal_of(edition.folder).reason.startswith("name it prevention.yaml")


def test_a_file_that_cannot_be_read_is_refused(edition):
    (edition.folder / "prevention.yaml").unlink()
    (edition.folder / "prevention.yaml").mkdir()
    assert refusal_of(edition.folder).reason.startswith("the file cannot be read: ")


def test_a_folder_that_is_missing_or_holds_no_edition_is_refused(tmp_path):
    assert "there is no such folder" in refusal_of(tmp_path / "nowhere").reason
    assert "no edition here" in refusal_of(tmp_path).reason
    (tmp_path / "edition-2").mkdir()
    found = refusal_of(tmp_path)
    assert found.file == str(tmp_path / "edition-2")
    assert "the folder holds no edition.yaml" in found.reason


def test_a_loose_file_among_the_editions_is_refused(tmp_path):
    (tmp_path / "tiers.yaml").write_text("tiers: {}\n", "utf-8")
    found = refusal_of(tmp_path)
    assert found.file == str(tmp_path / "tiers.yaml")
    assert "in no edition" in found.reason


def test_hidden_folders_and_other_files_are_passed_over(tmp_path):
    Copy(tmp_path).add("copied", "1990-01-01")
    (tmp_path / ".git").mkdir()
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "README.md").write_text("notes", "utf-8")
    assert load_handbook(tmp_path).latest.code == "copied"
