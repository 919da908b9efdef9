"""The parts of an import that any process can do: reading lines, and judging and rating the events of customers."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any, NamedTuple, Protocol

from base.database import Connection
from base.words import Words
from rating.batch_intake import Asked, Judged, OvertakenError, Rules, judged
from rating.change_rows import ChangeRows, Row, rows_of
from rating.event_refusals import EventRefusal
from rating.events import PolicyEvent, SentEvent, parse_line
from rating.unreadable import EventError

LONGEST_LINE_BYTES = 1 << 20

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class Line(NamedTuple):
    """A line of the stream with its number; one that is longer than 1 MiB is cut, `size` is its length in bytes."""

    number: int
    text: bytes
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadLines:
    """Rows of `staged_lines` and of `rejected_lines`; `size` is how many bytes were read."""

    staged: list[Row]
    rejected: list[Row]
    size: int


class Following(Protocol):
    """What follows from the ratings of new customers (their first grants), worked out beside them."""

    def work(self, customers: Sequence[Judged]) -> Any:
        """Work it out for customers of whom nothing was recorded before; in any process."""

    async def write(self, conn: Connection, worked: Any, others: Sequence[int]) -> None:
        """Write it; and do the same for `others`, of whom something was recorded before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rated:
    """What is to be written for a batch of customers, and by customer and position why events are refused.

    `others` are the customers that change and of whom something was recorded before; `policies` is how many policies
    are added.
    """

    rows: ChangeRows
    refusals: Mapping[int, Mapping[int, EventRefusal]]
    others: Sequence[int]
    policies: int
    followed: Any


def numbered_lines(lines: IO[bytes]) -> Iterator[Line]:
    """Yield each line with its number and its size in bytes; a blank line is empty, a long one is cut."""
    number = 0
    while line := lines.readline(LONGEST_LINE_BYTES + 1):
        number += 1
        size, rest = len(line), line
        while size > LONGEST_LINE_BYTES and rest and not rest.endswith(b"\n"):
            rest = lines.readline(LONGEST_LINE_BYTES)
            size += len(rest)
        if number == 1:
            line = line.removeprefix(_BYTE_ORDER_MARK)
        yield Line(number, line[:LONGEST_LINE_BYTES] if size > LONGEST_LINE_BYTES else line.strip(), size)


class Reader:
    """Reads lines."""

    def read(self, lines: Sequence[Line]) -> ReadLines:
        """Read lines strictly."""
        found = ReadLines(staged=[], rejected=[], size=sum(line.size for line in lines))
        for line in lines:
            if not line.text:
                continue
            try:
                event = _read(line)
            except EventError as error:
                found.rejected.append(_unreadable(line, error))
            else:
                found.staged.append(_staged(line, event))
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Rater:
    """Judges and rates; `subject` is who imports."""

    rules: Rules
    subject: str | None
    following: Following | None

    def rate(self, asked: Sequence[Asked]) -> Rated | None:
        """Judge and rate; None when one of the events was recorded by another transaction meanwhile."""
        try:
            customers = judged(asked, self.rules)
        except OvertakenError:
            return None
        changed = [each for each in customers if each.change.intake.events]
        new = [each for each in changed if each.change.of_new]
        return Rated(
            rows=rows_of(
                [each.change for each in changed],
                now=self.rules.now,
                handbook=self.rules.handbook,
                subject=self.subject,
            ),
            refusals={each.change.customer_id: each.refusals for each in customers if each.refusals},
            others=[each.change.customer_id for each in changed if not each.change.of_new],
            policies=sum(len(each.change.intake.added_policies) for each in changed),
            followed=None if self.following is None else self.following.work(new),
        )


def _read(line: Line) -> PolicyEvent:
    if line.size > LONGEST_LINE_BYTES:
        most = LONGEST_LINE_BYTES
        raise EventError("event", Words(f"长度不得超过 {most} 字节", f"must not be longer than {most} bytes"))
    return parse_line(line.text)


def _staged(line: Line, event: PolicyEvent) -> Row:
    sent = SentEvent.of(event)
    return (
        line.number,
        sent.member_no,
        sent.event_id,
        sent.registers,
        event.recorded_at,
        sent.hash,
        sent.text,
        line.text,
    )


def _unreadable(line: Line, error: EventError) -> Row:
    zh, en = f"{error.place}：{error.words.zh}", f"{error.place}: {error.words.en}"
    return line.number, None, zh, en, line.text
