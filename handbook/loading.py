"""Editions are folders of YAML; a wrong one is refused as a whole, before anything is rated by it.

A folder of editions holds one folder for each edition: `edition.yaml`, and beside it a file for each
section of the printed overview. A refusal is an `EditionError` that names the file, the place in it and
the reason, because a new edition is typed in by a person once a year.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import combinations, pairwise
from pathlib import Path

import yaml

from handbook import parsing
from handbook.benefits import Benefit, Labels
from handbook.calendar import AS_SHIPPED, WorkingCalendar
from handbook.checks import CORRECTION_CHECKS, EDITION_CHECKS, SUCCESSION_CHECKS
from handbook.handbook import Handbook
from handbook.nodes import EditionError, Entry, Lines, compose, place_of, suggestion
from handbook.sources import EDITION_FILE, PRINT_FILE, EditionSource, fingerprint, read_sources
from handbook.values import Edition

SHIPPED_EDITIONS = Path(__file__).parent / "editions"
"""The folder of the editions that come with the package."""

__all__ = ["SHIPPED_EDITIONS", "EditionError", "load_editions", "load_handbook", "with_edition"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Draft:
    """An edition as its own files say it, with where every path of it stands."""

    edition: Edition
    introduces: tuple[str, ...]
    drops: tuple[str, ...]
    lines: Lines
    source: EditionSource
    said: dict[str, yaml.Node]

    def error(self, path: str, reason: str) -> EditionError:
        """Return the refusal of this edition for what stands at a path."""
        return _refusal(path, reason, self.lines)


def _refusal(path: str, reason: str, lines: Lines) -> EditionError:
    """Return the refusal of a path, with the line of its place or of the nearest one around it."""
    nearest = path
    while nearest not in lines:
        nearest = nearest.rpartition(".")[0]
    file, line = lines[nearest]
    return EditionError(file, place_of(path, line), reason)


def load_handbook(*folders: Path, calendar: WorkingCalendar = AS_SHIPPED) -> Handbook:
    """Return the handbook of all editions in the given folders (default: those that are shipped).

    Each folder holds editions, or is itself one. An edition is in force until the day on which the
    next one starts. Raises EditionError for the first thing that is wrong.
    """
    return load_editions(read_sources(*(folders or (SHIPPED_EDITIONS,))), calendar=calendar)


def load_editions(sources: Iterable[EditionSource], *, calendar: WorkingCalendar = AS_SHIPPED) -> Handbook:
    """Return the handbook of some editions, which keeps their sources. Raises EditionError."""
    return _handbook([_draft(source) for source in sources], calendar)


def with_edition(handbook: Handbook, candidate: EditionSource) -> Handbook:
    """Return the handbook with one more edition, or with this one in the place of its edition of the same code.

    Raises EditionError when the candidate is wrong, does not go with the others, or corrects what must stay: uses were
    booked by the text that it replaces.
    """
    draft = _draft(candidate)
    replaced = handbook.edition(draft.edition.code)
    if replaced is not None:
        for check in CORRECTION_CHECKS:
            for fault in check(replaced, draft.edition):
                raise draft.error(fault.path, fault.reason)
    others = [source for code, source in handbook.sources.items() if code != draft.edition.code]
    return _handbook([*(_draft(source) for source in others), draft], handbook.calendar)


def _handbook(drafts: list[_Draft], calendar: WorkingCalendar) -> Handbook:
    drafts.sort(key=lambda draft: draft.edition.effective_from)
    _refuse_twins(drafts)
    editions = _in_succession(drafts)
    for earlier, later in pairwise(drafts):
        _refuse_unknown_benefits(earlier.edition, later)
    for earlier, later in combinations(drafts, 2):
        for check in SUCCESSION_CHECKS:
            for fault in check(earlier.edition, later.edition):
                raise later.error(fault.path, fault.reason)
    return Handbook(
        editions,
        sources={draft.edition.code: draft.source for draft in drafts},
        fingerprint=fingerprint(draft.said for draft in drafts),
        calendar=calendar,
    )


def _draft(source: EditionSource) -> _Draft:
    lines: Lines = {"": (source.file(EDITION_FILE), 1)}
    said: dict[str, yaml.Node] = {}
    top = _top(source, EDITION_FILE, lines, said)
    fields = top.fields(parsing.EDITION_KEYS, parsing.EDITION_OPTIONAL_KEYS)
    labels = parsing.labels(fields)
    benefits = _benefits(source, fields["sections"], labels, lines, said)
    edition = parsing.edition(fields, labels, benefits, _print(source))
    draft = _Draft(
        edition=edition,
        introduces=parsing.codes(fields["introduces"]) if "introduces" in fields else (),
        drops=parsing.codes(fields["drops"]) if "drops" in fields else (),
        lines=lines,
        source=source,
        said=said,
    )
    for check in EDITION_CHECKS:
        for fault in check(edition):
            raise draft.error(fault.path, fault.reason)
    return draft


def _top(source: EditionSource, name: str, lines: Lines, said: dict[str, yaml.Node]) -> Entry:
    top = compose(source.file(name), source.files.get(name, b""), lines)
    said[name] = top.node
    return top


def _print(source: EditionSource) -> str:
    """Return the printed text that the edition quotes."""
    content = source.files.get(PRINT_FILE)
    if content is None:
        reason = f"the printed text is missing; put it beside {EDITION_FILE}: what is quoted must occur in it"
        raise EditionError(source.file(PRINT_FILE), "file", reason)
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        reason = "the file is not UTF-8; save it as UTF-8"
        raise EditionError(source.file(PRINT_FILE), f"line {line}", reason) from error


def _benefits(
    source: EditionSource, sections: Entry, labels: Labels, lines: Lines, said: dict[str, yaml.Node]
) -> tuple[Benefit, ...]:
    """Read the sections' files in the order listed; each file is listed and each listed one exists."""
    files = {name.removesuffix(".yaml"): name for name in source.files if name.endswith(".yaml")}
    del files[EDITION_FILE.removesuffix(".yaml")]
    listed = parsing.codes(sections)
    for item, code in zip(sections.items(), listed, strict=True):
        if code not in files:
            raise item.error(
                f"unknown section {code}: there is no file {code}.yaml{suggestion(code, list(files))}"
            )
    for code, name in files.items():
        if code not in listed:
            reason = "the file is no section of this edition; list it under `sections` or remove it"
            raise EditionError(source.file(name), "file", reason)
    found: dict[str, Benefit] = {}
    for code in listed:
        section_lines: Lines = {"": (source.file(files[code]), 1)}
        benefits = parsing.benefits(code, _top(source, files[code], section_lines, said), labels)
        if not benefits:
            reason = "the section has no benefit; add one, or remove the section"
            raise _refusal("benefits", reason, section_lines)
        for benefit in benefits:
            if benefit.code in found:
                reason = f"the benefit stands in section {found[benefit.code].section.code} too; keep one of the two"
                raise _refusal(f"benefits.{benefit.code}", reason, section_lines)
            found[benefit.code] = benefit
        lines.update({path: place for path, place in section_lines.items() if path.startswith("benefits.")})
    return tuple(found.values())


def _refuse_twins(drafts: Iterable[_Draft]) -> None:
    """Two editions share neither their code nor their first day."""
    seen: dict[tuple[str, str], str] = {}
    for draft in drafts:
        for key, value in (
            ("code", draft.edition.code),
            ("effective_from", str(draft.edition.effective_from)),
        ):
            file = draft.lines[key][0]
            if (key, value) in seen:
                raise draft.error(
                    key, f"{value} is taken by the edition in {seen[key, value]}; change one of the two"
                )
            seen[key, value] = file


def _in_succession(drafts: list[_Draft]) -> list[Edition]:
    """Let each edition end where the next one starts; an end that is written must be that day."""
    editions = []
    for draft, following in pairwise(drafts):
        edition, start = draft.edition, following.edition.effective_from
        if edition.effective_to is not None and edition.effective_to != start:
            fault = "leaves a gap before" if edition.effective_to < start else "overlaps"
            reason = f"the end {fault} edition {following.edition.code}, which starts on {start}"
            raise draft.error("effective_to", f"{reason}; write that day, or null")
        editions.append(replace(edition, effective_to=start))
    return [*editions, drafts[-1].edition]


def _refuse_unknown_benefits(earlier: Edition, later: _Draft) -> None:
    """A new or missing benefit must be meant: a mistyped code would lose what was used under the old one."""
    before = [benefit.code for benefit in earlier.benefits]
    now = [benefit.code for benefit in later.edition.benefits]
    added = [code for code in now if code not in before]
    gone = [code for code in before if code not in now]
    for code in added:
        if code not in later.introduces:
            meant = suggestion(code, gone) if gone else ""
            reason = f"unknown benefit, edition {earlier.code} has none of this code{meant}"
            raise later.error(f"benefits.{code}", f"{reason}; if it is new, list it under `introduces`")
    for code in gone:
        if code not in later.drops:
            reason = f"benefit {code} of edition {earlier.code} is missing; add it, or list it under `drops`"
            raise later.error("sections", reason)
    for key, listed, changed, fault in (
        ("introduces", later.introduces, added, "is not new in"),
        ("drops", later.drops, gone, "is not dropped by"),
    ):
        for number, code in enumerate(listed, start=1):
            if code not in changed:
                raise later.error(f"{key}.{number}", f"{code} {fault} this edition; remove it")
