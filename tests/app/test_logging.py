"""A log line is one JSON object; of an exception it keeps type and place, and of its words the first line only."""

import json
import logging
import subprocess
import sys
from collections.abc import Iterator

import pytest
import structlog

from app.logging import configure_logging, describe


class QuotingError(Exception):
    def __str__(self) -> str:
        return "duplicate key\nDETAIL:  Key (member_no)=(M-SECRET) already exists."


@pytest.fixture
def _logging_restored() -> Iterator[None]:
    root = logging.getLogger()
    before, level = root.handlers, root.level
    yield
    root.handlers, root.level = before, level
    structlog.reset_defaults()


def fail() -> None:
    raise RuntimeError("while recording") from QuotingError()


@pytest.mark.usefixtures("_logging_restored")
def test_lines_of_ours_and_of_libraries_are_json_and_quote_nothing(capsys):
    configure_logging("info")
    structlog.get_logger("ours").info("taken", size=3)
    try:
        fail()
    except RuntimeError as error:
        logging.getLogger("schema.errors").error(  # noqa: TRY400 - as `schema.errors` does
            "internal error %s", "x1", exc_info=error, extra={"error_id": "x1", "password": "hunter2"}
        )
        structlog.get_logger("ours").exception("failed")
    logging.getLogger().handlers[0].flush()
    written = capsys.readouterr().err
    lines = [json.loads(line) for line in written.splitlines()]
    assert lines[0]["event"] == "taken"
    assert lines[0]["size"] == 3
    assert lines[1]["event"] == "internal error x1"
    assert lines[1]["error_id"] == "x1"
    for line in lines[1:]:
        assert [each["type"].split(".")[-1] for each in line["exception"]] == ["RuntimeError", "QuotingError"]
        assert [each["words"] for each in line["exception"]] == ["while recording", "duplicate key"]
        assert line["exception"][0]["at"][-1].endswith(" fail")
    assert "M-SECRET" not in written
    assert "hunter2" not in written


def test_an_exception_that_causes_itself_is_described_all_the_same():
    one, other = ValueError("one"), ValueError("other")
    one.__cause__, other.__cause__ = other, one
    assert len(describe(one)) == 10


def test_an_exception_without_words_is_described_by_its_type():
    assert describe(KeyError())[0] == {"type": "builtins.KeyError", "words": "", "at": []}


STALLED = """
import logging, sys
from app.log_writer import LogWriter
logger = logging.getLogger()
logger.handlers = [LogWriter(sys.stderr, most_waiting=1000)]
for number in range(5000):
    logger.warning("%d %s", number, "x" * 500)
print("all logged", flush=True)
sys.stdin.read()
"""


def test_logging_never_blocks_and_dropped_lines_are_counted():
    with subprocess.Popen(
        [sys.executable, "-c", STALLED], stdin=-1, stdout=-1, stderr=-1, text=True
    ) as process:
        assert process.stdout.readline() == "all logged\n"
        written = process.communicate(timeout=30)[1].splitlines()
    told = [json.loads(line)["lines"] for line in written if line.startswith("{")]
    assert sum(told) == 5000 - (len(written) - len(told)) > 0
    assert written[0].startswith("0 xxx")
    assert process.returncode == 0


def test_what_was_logged_last_is_written_before_the_process_ends():
    code = "from app.logging import configure_logging; configure_logging(); import logging; logging.error('last')"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(said.stderr)["event"] == "last"
