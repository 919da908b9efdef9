"""What the documents promise to be tested is tested."""

import re
from pathlib import Path

import pytest

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
    rows = [line for line in text.partition("## Stopping")[2].splitlines() if line.startswith("| ")]
    threats = [row for row in rows if not row.startswith("| threat ")]
    assert len(threats) > 30
    assert not [row for row in threats if not NAMED.search(row)]
