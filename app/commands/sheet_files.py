"""Files of sheets on the command line: opening one, and telling how it was read."""

from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING

from app.errors import StartError
from app.exports.columns import Language

if TYPE_CHECKING:
    from app.statements.checking import Checked

_MOST_NOTED = 20


def opened(file: Path) -> IO[bytes]:
    """A file that can be read more than once. Raises StartError."""
    try:
        stream = file.open("rb")
    except OSError as error:
        raise StartError(f"cannot read {file}: {error}") from error
    if not stream.seekable():
        stream.close()
        raise StartError(f"cannot read {file}: a sheet is read more than once; save it as a file first")
    return stream


def notes_of(checked: "Checked", language: Language) -> Iterator[str]:
    """What a person should know of how a sheet was read, one sentence each."""
    for note in checked.notes:
        yield note.spoken(language)
    if checked.ignored:
        yield f"columns that are not read: {', '.join(checked.ignored[:_MOST_NOTED])}"
    if checked.skipped:
        more = checked.skipped_rows - len(checked.skipped)
        named = ", ".join(f"{each.row} ({each.words})" for each in checked.skipped)
        yield f"rows that are no lines: {named}" + (f", and {more} more" if more else "")
