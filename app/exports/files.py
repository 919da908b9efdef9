"""Files on disk that are whole or not there: written beside their place, and moved into it when complete.

Whoever finds the file may trust that it is all of it; what a crash leaves is called `.part`.
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
    """What to write a file with; it gets its name when the block ends well, else there is none, and an older one stays.

    None and `-` are standard output. Raises StartError when it cannot be written.
    """
    if path is None or path == _STANDARD_OUTPUT:
        yield _writing(sys.stdout.buffer, "to standard output")
    elif path.exists() and not path.is_file():  # a pipe or a device: nothing could be moved into its place
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
    """Write to a stream; only here is an OSError the file's fault, elsewhere it may be the database's."""

    def write(chunk: bytes) -> None:
        try:
            stream.write(chunk)
            stream.flush()
        except BrokenPipeError:
            # `head`, say, has seen enough. Nor may the interpreter flush at its end.
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
            raise StartError("the reader left before the end: what it got is not all of it") from None
        except OSError as error:
            raise StartError(f"cannot write {name}: {error.strerror}") from None

    return write
