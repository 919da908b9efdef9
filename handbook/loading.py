"""Editions are folders of YAML; a wrong one is refused as a whole, before anything is rated by it.

A folder of editions holds one folder for each edition: `edition.yaml`, and beside it a file for each
section of the printed overview. A refusal is an `EditionError` that names the file, the place in it and
the reason, because a new edition is typed in by a person once a year. This is the package's only
module that touches files.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

from handbook import parsing
from handbook.checks import EDITION_CHECKS, SUCCESSION_CHECKS, Fault
from handbook.handbook import Handbook
from handbook.nodes import EditionError, Entry, Lines, compose, place_of, suggestion
from handbook.values import Benefit, Edition

SHIPPED_EDITIONS = Path(__file__).parent / "editions"
"""The folder of the editions that come with the package."""

EDITION_FILE = "edition.yaml"

__all__ = ["EDITION_FILE", "SHIPPED_EDITIONS", "EditionError", "load_handbook"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Draft:
    """An edition as its own files say it, with where every path of it stands."""

    edition: Edition
    introduces: tuple[str, ...]
    drops: tuple[str, ...]
    lines: Lines

    def error(self, fault: Fault) -> EditionError:
        """Return the refusal of a fault at its own place, or at the nearest one around it."""
        path = fault.path
        while path not in self.lines:
            path = path.rpartition(".")[0]
        file, line = self.lines[path]
        return EditionError(file, place_of(fault.path, line), fault.reason)


def load_handbook(*folders: Path) -> Handbook:
    """Return the handbook of all editions in the given folders (default: those that are shipped).

    Each folder holds editions, or is itself one. An edition is in force until the day on which the
    next one starts. Raises EditionError for the first thing that is wrong.
    """
    found = [folder for parent in folders or (SHIPPED_EDITIONS,) for folder in _edition_folders(Path(parent))]
    drafts = sorted((_draft(folder) for folder in found), key=lambda draft: draft.edition.effective_from)
    _refuse_twins(drafts)
    editions = _in_succession(drafts)
    for earlier, later in pairwise(drafts):
        _refuse_unknown_benefits(earlier.edition, later)
        for check in SUCCESSION_CHECKS:
            for fault in check(earlier.edition, later.edition):
                raise later.error(fault)
    return Handbook(editions)


def _edition_folders(parent: Path) -> list[Path]:
    if not parent.is_dir():
        raise EditionError(str(parent), "folder", "there is no such folder; name a folder of editions")
    if (parent / EDITION_FILE).exists():
        return [parent]
    found = []
    for child in sorted(parent.iterdir()):
        if child.name.startswith((".", "_")):
            continue
        if child.is_dir() and (child / EDITION_FILE).exists():
            found.append(child)
        elif child.is_dir():
            raise EditionError(
                str(child), "folder", f"the folder holds no {EDITION_FILE}; add it or remove the folder"
            )
        elif child.suffix in (".yaml", ".yml"):
            raise EditionError(
                str(child), "folder", "this file is in no edition; move it into the edition's folder"
            )
    if not found:
        raise EditionError(str(parent), "folder", f"no edition here; expected folders with an {EDITION_FILE}")
    return found


def _draft(folder: Path) -> _Draft:
    lines: Lines = {"": (str(folder / EDITION_FILE), 1)}
    top = _top(folder / EDITION_FILE, lines)
    fields = top.fields(parsing.EDITION_KEYS, parsing.EDITION_OPTIONAL_KEYS)
    edition = parsing.edition(fields, _benefits(folder, fields["sections"], lines))
    draft = _Draft(
        edition=edition,
        introduces=parsing.codes(fields["introduces"]) if "introduces" in fields else (),
        drops=parsing.codes(fields["drops"]) if "drops" in fields else (),
        lines=lines,
    )
    for check in EDITION_CHECKS:
        for fault in check(edition):
            raise draft.error(fault)
    return draft


def _top(file: Path, lines: Lines) -> Entry:
    try:
        content = file.read_bytes()
    except OSError as error:
        raise EditionError(str(file), "file", f"the file cannot be read: {error.strerror}") from error
    return compose(str(file), content, lines)


def _benefits(folder: Path, sections: Entry, lines: Lines) -> tuple[Benefit, ...]:
    """Read the sections' files in the order listed; each file is listed and each listed one exists."""
    files = {
        file.stem: file
        for file in sorted(folder.iterdir())
        if file.suffix in (".yaml", ".yml") and file.name != EDITION_FILE
    }
    listed = parsing.codes(sections)
    for item, code in zip(sections.items(), listed, strict=True):
        if code not in files:
            raise item.error(
                f"unknown section {code}: there is no file {code}.yaml{suggestion(code, list(files))}"
            )
    for code, file in files.items():
        if code not in listed:
            reason = "the file is no section of this edition; list it under `sections` or remove it"
            raise EditionError(str(file), "file", reason)
    found: dict[str, Benefit] = {}
    for code in listed:
        section_lines: Lines = {}
        section, benefits = parsing.section(code, _top(files[code], section_lines))
        if not benefits:
            file, line = section_lines["benefits"]
            raise EditionError(
                file, place_of("benefits", line), "the section has no benefit; add one or remove it"
            )
        for benefit in benefits:
            path = f"benefits.{benefit.code}"
            if benefit.code in found:
                file, line = section_lines[path]
                reason = f"the benefit stands in section {found[benefit.code].section.code} too; keep one of the two"
                raise EditionError(file, place_of(path, line), reason)
            found[benefit.code] = replace(benefit, section=section)
        lines.update({path: place for path, place in section_lines.items() if path.startswith("benefits.")})
    return tuple(found.values())


def _refuse_twins(drafts: Iterable[_Draft]) -> None:
    """Two editions share neither their code nor their first day."""
    starts: dict[str, _Draft] = {}
    codes: dict[str, _Draft] = {}
    for draft in drafts:
        edition = draft.edition
        for key, seen, value in (
            ("code", codes, edition.code),
            ("effective_from", starts, edition.effective_from.isoformat()),
        ):
            if value in seen:
                other = seen[value].lines[key][0]
                raise draft.error(
                    Fault(path=key, reason=f"{value} is taken by the edition in {other}; change one")
                )
            seen[value] = draft


def _in_succession(drafts: list[_Draft]) -> list[Edition]:
    """Let each edition end where the next one starts; an end that is written must be that day."""
    editions = []
    for draft, following in zip(drafts, [*drafts[1:], None], strict=True):
        edition = draft.edition
        if following is None:
            editions.append(edition)
            continue
        start = following.edition.effective_from
        if edition.effective_to not in (None, start):
            fault = (
                "there would be no edition" if edition.effective_to < start else "there would be two editions"
            )
            reason = (
                f"{fault} between {edition.effective_to} and {start}, where {following.edition.code} starts"
            )
            raise draft.error(
                Fault(path="effective_to", reason=f"{reason}; write {start}, or leave the key out")
            )
        editions.append(replace(edition, effective_to=start))
    return editions


def _refuse_unknown_benefits(earlier: Edition, later: _Draft) -> None:
    """A new or missing benefit must be meant: a mistyped code would lose what was used under the old one."""
    before = {benefit.code for benefit in earlier.benefits}
    now = {benefit.code for benefit in later.edition.benefits}
    for code in sorted(now - before):
        if code not in later.introduces:
            reason = f"unknown benefit: edition {earlier.code} has none of this code{suggestion(code, before - now)}"
            raise later.error(
                Fault(path=f"benefits.{code}", reason=f"{reason} List it under `introduces` if it is new")
            )
    for code in sorted(before - now):
        if code not in later.drops:
            reason = f"benefit {code} of edition {earlier.code} is missing; add it, or list it under `drops`"
            raise later.error(Fault(path="sections", reason=reason))
    for number, code in enumerate(later.introduces, start=1):
        if code not in now - before:
            reason = f"{code} is not new in this edition; remove it"
            raise later.error(Fault(path=f"introduces.{number}", reason=reason))
    for number, code in enumerate(later.drops, start=1):
        if code not in before - now:
            reason = f"{code} is not dropped by this edition; remove it"
            raise later.error(Fault(path=f"drops.{number}", reason=reason))
