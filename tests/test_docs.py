"""What the documents promise to be tested is tested; their tables of settings and commands are complete."""

import re
from pathlib import Path

import pytest
from typer.main import get_command

from app.cli import cli
from app.settings import variable_names

ROOT = Path(__file__).parents[1]
NAMED = re.compile(r"`(tests/[\w/]+\.py)?(?:::(test_\w+))?`")


def named_tests(document: str) -> list[tuple[str, str]]:
    """The tests that a document names, as file and name; `::test_…` is in the file that was named before it."""
    found, file = [], ""
    for part, test in NAMED.findall((ROOT / "docs" / document).read_text(encoding="utf-8")):
        file = part or file
        if part or test:
            found.append((file, test))
    return found


@pytest.mark.parametrize("document", ["security.md", "reliability.md"])
def test_every_test_that_a_document_names_is_there(document: str) -> None:
    named = named_tests(document)
    assert named
    texts = {file: (ROOT / file).read_text(encoding="utf-8") for file, _ in named if (ROOT / file).is_file()}
    missing = [
        f"{file}::{test}"
        for file, test in named
        if file not in texts or (test and not re.search(rf"def {test}\(", texts[file]))
    ]
    assert not missing


def test_each_threat_has_a_test() -> None:
    text = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    rows = [line for line in text.partition("## Denial of service")[2].splitlines() if line.startswith("| ")]
    threats = [row for row in rows if not row.startswith("| threat ")]
    assert len(threats) > 30
    assert not [row for row in threats if not NAMED.search(row)]


def first_column(document: str, heading: str) -> set[str]:
    """The code in the first column of the table below a heading."""
    section = (ROOT / document).read_text(encoding="utf-8").partition(f"\n{heading}\n")[2].partition("\n#")[0]
    rows = [line.split(" | ")[0] for line in section.splitlines() if line.startswith("| `")]
    return {name for row in rows for name in re.findall(r"`([^`]+)`", row)}


def test_every_setting_has_its_row_in_the_table() -> None:
    assert first_column("docs/operations.md", "## Configuration") == variable_names()


def test_every_command_has_its_row_in_the_table() -> None:
    rows = first_column("README.md", "## The command line")
    named = {name for row in rows for name in row.removeprefix("entitlements ").split()[0].split("|")}
    assert named >= set(get_command(cli).commands)  # type: ignore[attr-defined]


def test_every_decision_is_listed() -> None:
    folder = ROOT / "docs" / "decisions"
    listed = set(re.findall(r"\((\d{4}-[\w-]+\.md)\)", (folder / "README.md").read_text(encoding="utf-8")))
    assert listed == {path.name for path in folder.glob("[0-9]*.md")}


@pytest.mark.parametrize("target", ["run", "test", "check", "chaos", "fuzz", "audit", "schemathesis"])
def test_every_make_target_is_documented(target: str) -> None:
    told = "".join(
        path.read_text(encoding="utf-8") for path in (ROOT / "README.md", *(ROOT / "docs").glob("*.md"))
    )
    assert f"`make {target}" in told or f"    make {target}" in told


def test_every_link_to_a_file_leads_somewhere() -> None:
    links = [
        (path, target)
        for path in (ROOT / "README.md", *(ROOT / "docs").rglob("*.md"))
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", path.read_text(encoding="utf-8"))
    ]
    assert links
    assert not [link for link in links if "://" not in link[1] and not (link[0].parent / link[1]).exists()]


PACKAGES = ("app", "demo", "schema", "ledger", "rating", "handbook", "base")
MODULE = re.compile(rf"`((?:{'|'.join(PACKAGES)})(?:\.\w+)+)`")


def is_there(name: str) -> bool:
    """Whether there is a module of that name, or one that has what the name ends with."""
    path = ROOT.joinpath(*name.split("."))
    if path.is_dir() or path.with_suffix(".py").is_file():
        return True
    holder = next(
        each
        for each in (path.parent.with_suffix(".py"), path.parent / "__init__.py", ROOT / "README.md")
        if each.is_file()
    )
    return re.search(rf"\b{path.name}\b", holder.read_text(encoding="utf-8")) is not None


def test_every_module_that_is_named_is_there() -> None:
    files = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    files += [file for package in PACKAGES for file in (ROOT / package).rglob("*.py")]
    named = [(file.name, name) for file in files for name in MODULE.findall(file.read_text(encoding="utf-8"))]
    assert len(named) > 50
    assert not [each for each in named if each[1] != "schema.graphql" and not is_there(each[1])]


TERM = re.compile(r"^\| (?!term |-)([^|]+) \|[^|]*\|[^|]+\|$", re.MULTILINE)


def test_every_term_of_the_glossary_is_used_by_the_schema_or_the_code() -> None:
    terms = TERM.findall((ROOT / "docs" / "glossary.md").read_text(encoding="utf-8"))
    code = "\n".join(
        file.read_text(encoding="utf-8") for package in PACKAGES for file in (ROOT / package).rglob("*.py")
    )
    used = (ROOT / "schema.graphql").read_text(encoding="utf-8") + code
    assert len(terms) > 80
    assert len(set(terms)) == len(terms)
    assert not [
        term for term in terms if not re.search(re.sub(r"[ -]", r"[\\s_-]?", term), used, re.IGNORECASE)
    ]
