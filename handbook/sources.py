"""An edition as it was written: its files by name, wherever they were read from.

The files define the edition. They are read from a folder until the edition is activated, and from the database
afterwards, so that the edition behind an old rating stays readable without the folder.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import yaml

from handbook.nodes import EditionError

EDITION_FILE = "edition.yaml"
PRINT_FILE = "print.txt"
"""The printed text that the edition quotes."""
WORKING_DAYS_PREFIX = "working-days-"
"""Files of this beginning give the working days of a year; they lie beside editions and are part of none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionSource:
    """The files of one edition by name. `origin` says in messages where they come from: a folder, or the database."""

    origin: str
    files: Mapping[str, bytes]

    @classmethod
    def of_texts(cls, origin: str, texts: Mapping[str, str]) -> Self:
        """Return the edition whose files are these texts."""
        return cls(origin=origin, files={name: text.encode() for name, text in texts.items()})

    @property
    def texts(self) -> dict[str, str]:
        """The files as text. Raises UnicodeDecodeError for one that is no UTF-8, which no loaded edition has."""
        return {name: content.decode() for name, content in self.files.items()}

    def file(self, name: str) -> str:
        """Return how messages name a file."""
        return str(Path(self.origin) / name)


def read_source(folder: Path) -> EditionSource:
    """Read the files of an edition's folder. Raises EditionError when one cannot be read."""
    files: dict[str, bytes] = {}
    for file in sorted(folder.iterdir()):
        if file.name.startswith(WORKING_DAYS_PREFIX):
            continue
        if file.suffix == ".yml":
            reason = f"name it {file.stem}.yaml; files of an edition end in .yaml"
            raise EditionError(str(file), "file", reason)
        if file.suffix == ".yaml" or file.name == PRINT_FILE:
            files[file.name] = _content(file)
    return EditionSource(origin=str(folder), files=files)


def read_sources(*folders: Path) -> list[EditionSource]:
    """Read the editions in some folders; each holds editions, or is itself one. Raises EditionError."""
    return [read_source(each) for parent in folders for each in _edition_folders(Path(parent))]


def read_working_days(*folders: Path) -> list[tuple[str, bytes]]:
    """Read the files of working days in some folders, by path; a folder that is not there has none.

    Raises EditionError when one cannot be read.
    """
    found: dict[Path, tuple[str, bytes]] = {}
    for folder in folders:
        for file in sorted(folder.glob(f"{WORKING_DAYS_PREFIX}*")) if folder.is_dir() else ():
            if file.suffix != ".yaml":
                reason = f"name it {file.stem}.yaml; files of working days end in .yaml"
                raise EditionError(str(file), "file", reason)
            found.setdefault(file.resolve(), (str(file), _content(file)))
    return list(found.values())


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        reason = f"the file cannot be read: {error.strerror}"
        raise EditionError(str(file), "file", reason) from error


def fingerprint(said: Iterable[Mapping[str, yaml.Node]]) -> str:
    """Return a hash of what editions say, in this order: of keys and values, not of how they are written."""
    content = [{file: _said(node) for file, node in sorted(files.items())} for files in said]
    return hashlib.sha256(json.dumps(content, ensure_ascii=False).encode()).hexdigest()


def _said(node: yaml.Node) -> Any:
    if isinstance(node, yaml.MappingNode):
        return [[_said(key), _said(value)] for key, value in node.value]
    if isinstance(node, yaml.SequenceNode):
        return [_said(item) for item in node.value]
    return str(node.value)


def _edition_folders(parent: Path) -> list[Path]:
    if not parent.is_dir():
        raise EditionError(str(parent), "folder", "there is no such folder; name a folder of editions")
    if (parent / EDITION_FILE).exists():
        return [parent]
    found = []
    for child in sorted(parent.iterdir()):
        if child.name.startswith((".", "_", WORKING_DAYS_PREFIX)):
            continue
        if (child / EDITION_FILE).exists():
            found.append(child)
        elif child.is_dir():
            reason = f"the folder holds no {EDITION_FILE}; add it or remove the folder"
            raise EditionError(str(child), "folder", reason)
        elif child.suffix in (".yaml", ".yml"):
            raise EditionError(
                str(child), "file", "the file is in no edition; move it into the edition's folder"
            )
    if not found and not any(parent.glob(f"{WORKING_DAYS_PREFIX}*")):
        raise EditionError(str(parent), "folder", f"no edition here; expected folders with an {EDITION_FILE}")
    return found
