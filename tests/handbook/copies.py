"""Copies of the shipped edition with one thing changed, as a person who types in a new edition would."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from handbook import SHIPPED_EDITIONS


@dataclass(frozen=True, slots=True)
class Copy:
    """A folder of editions that a test may spoil."""

    root: Path

    def add(self, code: str, effective_from: str) -> "EditionCopy":
        """Add a copy of the first edition under another code and first day."""
        folder = self.root / code
        shutil.copytree(SHIPPED_EDITIONS / "zhenxuan-1", folder)
        copy = EditionCopy(folder)
        copy.change("edition.yaml", "", "code: zhenxuan-1", f"code: {code}")
        copy.change("edition.yaml", "", "effective_from: 1990-01-01", f"effective_from: {effective_from}")
        return copy


@dataclass(frozen=True, slots=True)
class EditionCopy:
    """One copied edition."""

    folder: Path

    def prints(self, *clauses: str) -> None:
        """Let the printed text have clauses more, so that the edition may quote them."""
        path = self.folder / "print.txt"
        path.write_text("\n".join((path.read_text("utf-8"), *clauses)), "utf-8")

    def change(self, file: str, after: str, old: str, new: str) -> int:
        """Replace the first `old` behind `after` in a file; return the line where `new` begins."""
        path = self.folder / file
        text = path.read_text("utf-8")
        begin = text.index(old, text.index(after))
        path.write_text(text[:begin] + new + text[begin + len(old) :], "utf-8")
        return text.count("\n", 0, begin) + 1
