"""The folder in which several workers keep their metrics, so that any of them can serve all.

`prometheus_client` looks for it in the environment when it is first imported, in each worker. So it is created before
the workers start, and this module does not import `prometheus_client`.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.errors import StartError

VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
_PREFIX = "entitlements-metrics-"


@contextmanager
def metrics_folder(workers: int) -> Iterator[None]:
    """Provide a folder for the metrics of several workers while the block runs.

    One that the environment names is kept, and cleared of earlier counts; else a temporary one is created and removed.
    A single worker needs none. Raises StartError.
    """
    named = os.environ.get(VARIABLE)
    if named:
        _clear(Path(named))
        yield
        return
    if workers == 1:
        yield
        return
    _clear_left_over()
    prefix = f"{_PREFIX}{os.getpid()}-"
    with tempfile.TemporaryDirectory(prefix=prefix, ignore_cleanup_errors=True) as folder:
        os.environ[VARIABLE] = folder
        try:
            yield
        finally:
            del os.environ[VARIABLE]


def lives(process: int) -> bool:
    """Whether there is a process with this id."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _clear_left_over() -> None:
    """Remove the folders of killed processes. In a container each process may have the same id."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*-*"):
        number = folder.name.removeprefix(_PREFIX).partition("-")[0]
        if number.isdecimal() and (int(number) == os.getpid() or not lives(int(number))):
            shutil.rmtree(folder, ignore_errors=True)


def _clear(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path in folder.glob("*.db"):
            path.unlink()
    except OSError as error:
        raise StartError(f"{VARIABLE}: {folder}: {error.strerror}") from None
