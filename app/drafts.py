"""The file with an import's rejected lines, beside the imported file: complete or absent.

The draft gets its final name only just before the good part is committed, so the file always belongs to the last run;
when that rejected nothing, an earlier file is removed.
"""

from pathlib import Path
from typing import IO, Self


class Draft:
    """Collects bytes beside `path` until `keep`. A context manager: a draft that is not kept goes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._draft = path.with_name(f"{path.name}.new")
        self._stream: IO[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._stream is not None:
            self._stream.close()
            self._draft.unlink(missing_ok=True)

    @property
    def empty(self) -> bool:
        """Whether nothing was written."""
        return self._stream is None

    def write(self, content: bytes) -> None:
        """Add to the draft, which is made by the first call."""
        if self._stream is None:
            self._stream = self._draft.open("wb")
        self._stream.write(content)

    def keep(self) -> Path | None:
        """Move the file into place; None, and the file removed, when nothing was written."""
        if self._stream is None:
            self._path.unlink(missing_ok=True)
            return None
        self._stream.close()
        self._stream = None
        self._draft.replace(self._path)
        return self._path
