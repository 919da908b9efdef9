"""The shared strings of a workbook, to which its sheets refer by number: on disk, not in memory."""

import tempfile
import zipfile
from array import array
from collections.abc import Callable
from functools import lru_cache
from typing import IO, Self

from app.statements.archive import Parsing, damaged
from app.statements.formats import is_on
from app.statements.sheets import LONGEST_CELL

_MOST_TEXTS = 16_000_000
_BUFFER_BYTES = 1 << 16
_LONGEST_KEPT_BYTES = 1 << 10
"""Longer texts are remarks, and repeat themselves seldom: 4096 of them would weigh as much as the file."""


class SharedStrings:
    """The texts by their number. A context manager: the file they lie in goes with it."""

    def __init__(self) -> None:
        self._file: IO[bytes] = tempfile.TemporaryFile(buffering=_BUFFER_BYTES)  # noqa: SIM115 - closed by __exit__
        self._ends = array("Q", [0])
        self._struck = bytearray()
        """A byte each: 1 where a part of the text is crossed out."""
        self._kept = lru_cache(maxsize=4096)(self._text)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def load(self, archive: zipfile.ZipFile, name: str) -> None:
        """Read the part that holds them. Raises SheetError."""
        parsing = Parsing(archive, name)
        gathered = _Texts(self._add)
        parsing.parser.StartElementHandler = gathered.start
        parsing.parser.EndElementHandler = gathered.end
        parsing.parser.CharacterDataHandler = gathered.data
        for _ in parsing.steps():
            pass
        self._file.flush()

    def _add(self, text: str, *, struck: bool) -> None:
        if len(self._ends) > _MOST_TEXTS:
            raise damaged()
        written = text.encode("utf-8", "replace")
        self._file.write(written)
        self._ends.append(self._ends[-1] + len(written))
        self._struck.append(struck)

    def text(self, number: int) -> str:
        """The text of a number. Raises SheetError when there is none."""
        if not 0 <= number < len(self._ends) - 1:
            raise damaged()
        short = self._ends[number + 1] - self._ends[number] <= _LONGEST_KEPT_BYTES
        return self._kept(number) if short else self._text(number)

    def is_struck(self, number: int) -> bool:
        """Whether a part of the text of a number is crossed out."""
        return number < len(self._struck) and bool(self._struck[number])

    def _text(self, number: int) -> str:
        start, end = self._ends[number], self._ends[number + 1]
        # Programs number strings in order of first use: the next one is mostly in the buffer.
        self._file.seek(start)
        return self._file.read(end - start).decode()


class _Texts:
    """Gathers `si` elements: their `t`s joined, without phonetic runs (`rPh`); and whether a run is crossed out."""

    def __init__(self, add: Callable[..., None]) -> None:
        self._add = add
        self._struck = False
        self._parts: list[str] = []
        self._length = 0
        self._within_text = False
        self._pronounced = False

    def start(self, name: str, attributes: list[str]) -> None:
        local = name.rpartition(":")[2]
        if local == "t":
            self._within_text = not self._pronounced
        elif local == "rPh":
            self._pronounced = True
        elif local == "strike":
            self._struck = self._struck or not attributes or is_on(attributes[1])
        elif local == "si":
            self._parts.clear()
            self._length = 0
            self._struck = False

    def end(self, name: str) -> None:
        local = name.rpartition(":")[2]
        if local == "t":
            self._within_text = False
        elif local == "rPh":
            self._pronounced = False
        elif local == "si":
            self._add("".join(self._parts), struck=self._struck)

    def data(self, text: str) -> None:
        if self._within_text:
            self._length += len(text)
            if self._length > LONGEST_CELL:
                raise damaged()
            self._parts.append(text)
