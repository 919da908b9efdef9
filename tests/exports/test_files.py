"""A file is there when it is complete, and not before."""

import os

import pytest

from app.errors import StartError
from app.exports.files import complete_file


def test_a_file_gets_its_name_when_it_is_complete(tmp_path):
    path = tmp_path / "ledger.csv"
    with complete_file(path) as write:
        write(b"a")
        assert not path.exists()
        write(b"b")
    assert path.read_bytes() == b"ab"
    assert list(tmp_path.iterdir()) == [path]


def test_what_fails_in_the_middle_leaves_the_older_file_and_nothing_else(tmp_path):
    path = tmp_path / "ledger.csv"
    path.write_bytes(b"older")

    def fail():
        with complete_file(path) as write:
            write(b"newer")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert path.read_bytes() == b"older"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_is_not_there_is_said_in_one_line(tmp_path):
    with pytest.raises(StartError, match="cannot write"), complete_file(tmp_path / "none" / "x.csv"):
        pass


def test_a_full_disk_is_said_in_one_line():
    with pytest.raises(StartError, match="No space left"), complete_file_on("/dev/full") as write:
        write(b"x" * 100_000)


def test_a_named_pipe_is_written_and_stays_a_pipe(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    with complete_file(pipe) as write:
        write(b"x")
    assert os.read(reader, 10) == b"x"
    os.close(reader)
    assert pipe.is_fifo()


def test_standard_output_is_written_without_a_name(capfdbinary):
    with complete_file(None) as write:
        write(b"x")
    assert capfdbinary.readouterr().out == b"x"


def complete_file_on(path: str):
    from pathlib import Path

    if not Path(path).exists():
        pytest.skip("only Linux has a disk that is always full")
    return complete_file(Path(path))
