"""Files that are complete or absent: written to a temporary name, and renamed when complete.

A crash leaves only a file `.part`.
"""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TypeAlias

from app.errors import StartError

Write: TypeAlias = Callable[[bytes], None]

_STANDARD_OUTPUT = Path("-")


@contextmanager
def complete_file(path: Path | None) -> Iterator[Write]:
    """A writer for a file; it gets its name when the block succeeds, otherwise an older file stays unchanged.

    None and `-` are standard output. Raises StartError when it cannot be written.
    """
    if path is None or path == _STANDARD_OUTPUT:
        yield _writing(sys.stdout.buffer, "to standard output")
    elif path.exists() and not path.is_file():  # a pipe or a device: it cannot be replaced by renaming
        with _opened(path) as stream:
            yield _writing(stream, str(path))
    else:
        draft = path.with_name(f".{path.name}.{os.getpid()}.part")
        try:
            with _opened(draft) as stream:
                yield _writing(stream, str(draft))
                os.fsync(stream.fileno())
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)


def _opened(path: Path) -> IO[bytes]:
    try:
        return path.open("wb")
    except OSError as error:
        raise StartError(f"cannot write {path}: {error.strerror}") from None


def _writing(stream: IO[bytes], name: str) -> Write:
    """Write to a stream; only here does an OSError concern the file, elsewhere it may concern the database."""

    def write(chunk: bytes) -> None:
        try:
            stream.write(chunk)
            stream.flush()
        except BrokenPipeError:
            # The reader has closed the pipe, as `head` does. The interpreter must not flush at its end either.
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
            raise StartError("the reader left before the end: what it got is not all of it") from None
        except OSError as error:
            raise StartError(f"cannot write {name}: {error.strerror}") from None

    return write
