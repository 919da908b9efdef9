"""Reading YAML by hand, so that every refusal can name the file, the place and the line.

PyYAML's safe loader would forget lines, let the last of two equal keys win and turn 0.1 into a binary
fraction. So a file is only composed into nodes here, and each value is taken from its node by a typed
question (`text`, `amount`, `choice`, ...) that refuses what it does not expect. An amount is never a
YAML float: money and coefficients are exact decimals or they are nothing.
"""

import difflib
import re
import unicodedata
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from typing import TypeVar

import yaml

Lines = dict[str, tuple[str, int]]
"""Where each path of an edition stands: its file and its line, from 1."""

Choice = TypeVar("Choice", bound=StrEnum)

_TAG = "tag:yaml.org,2002:"
_MOST_FILES = 32
"""Of two editions or three: what reads them again, as every request for a difference does, parses nothing anew."""
_WHOLE = re.compile(r"[0-9]{1,9}")
_AMOUNT = re.compile(r"[0-9]{1,12}(\.[0-9]{1,9})?")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
_CODE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_CODE_LENGTH_MAX = 64
_TEXT_LENGTH_MAX = 500


class EditionError(ValueError):
    """An edition that is refused: the file, the place in it, and the reason with what would help."""

    def __init__(self, file: str, place: str, reason: str) -> None:
        """Name the file, the place (a dotted path and its line) and the reason in one line."""
        self.file, self.place, self.reason = (_printable(text) for text in (file, place, reason))
        super().__init__(self.file, self.place, self.reason)  # by these another process makes it anew

    def __str__(self) -> str:
        """All in one line."""
        return f"{self.file}: {self.place}: {self.reason}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A node of a file, with its path. Every accessor raises EditionError for a value of another kind."""

    file: str
    path: str
    node: yaml.Node
    lines: Lines

    @property
    def line(self) -> int:
        """The line of the node in its file, from 1."""
        return int(self.node.start_mark.line) + 1

    def error(self, reason: str, *, key: str | None = None) -> EditionError:
        """Return the refusal of this entry (or of a key that it lacks) for a reason."""
        file, line = self.lines.get(self.path, (self.file, self.line))
        path = self.path if key is None else _joined(self.path, key)
        return EditionError(file, place_of(path, line), reason)

    @property
    def is_mapping(self) -> bool:
        """Whether the value has keys."""
        return isinstance(self.node, yaml.MappingNode)

    @property
    def is_null(self) -> bool:
        """Whether the value is YAML's null."""
        return bool(self.node.tag == f"{_TAG}null")

    def entries(self) -> dict[str, "Entry"]:
        """Return the entries of a mapping by key, in the order written; equal keys are refused."""
        if not isinstance(self.node, yaml.MappingNode):
            raise self.error("expected keys with values (a mapping)")
        found: dict[str, Entry] = {}
        for key_node, value_node in self.node.value:
            line = int(key_node.start_mark.line) + 1
            key = str(key_node.value) if isinstance(key_node, yaml.ScalarNode) else ""
            place = place_of(_joined(self.path, key), line)
            if not key:
                raise EditionError(self.file, place, "a key must be a single word")
            if key in found:
                first = self.lines[found[key].path][1]
                reason = f"the key is written twice, first on line {first}; keep one of the two"
                raise EditionError(self.file, place, reason)
            found[key] = self._child(key, value_node, line=line)
        return found

    def fields(self, required: Collection[str], optional: Collection[str] = ()) -> dict[str, "Entry"]:
        """Return the entries of a mapping that must have these keys and may have those, and no other."""
        found = self.entries()
        known = [*required, *optional]
        for key, entry in found.items():
            if key not in known:
                raise entry.error(f"unknown key{suggestion(key, known)}")
        for key in required:
            if key not in found:
                raise self.error("this key is missing; write it, with null where nothing applies", key=key)
        return found

    def items(self) -> Iterator["Entry"]:
        """Yield the entries of a list; their paths count from 1."""
        if not isinstance(self.node, yaml.SequenceNode):
            raise self.error("expected a list")
        for number, node in enumerate(self.node.value, start=1):
            yield self._child(str(number), node)

    def text(self) -> str:
        """Return a text on one line: not empty, not padded, without control characters."""
        value = self._scalar("text", tags=("str",))
        if not value.strip():
            raise self.error("the text is empty")
        if value != value.strip():
            raise self.error("the text begins or ends with blanks; remove them")
        if len(value) > _TEXT_LENGTH_MAX:
            raise self.error(f"the text has {len(value)} characters, more than {_TEXT_LENGTH_MAX}")
        for character in value:
            if unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"}:
                reason = f"the text holds the control character U+{ord(character):04X}; remove it"
                raise self.error(reason)
        return value

    def code(self) -> str:
        """Return a code: lower-case letters and digits, in words joined by hyphens."""
        return self._checked_code(self.text())

    def key_code(self) -> str:
        """Return the entry's own key, which must be a code."""
        return self._checked_code(self.path.rpartition(".")[2])

    def whole(self, least: int, most: int) -> int:
        """Return a whole number between two bounds, both included."""
        value = self._scalar("a whole number", tags=("int",))
        if not _WHOLE.fullmatch(value):
            raise self.error(
                f"“{value}” is no whole number; write its plain digits, without sign or underscore"
            )
        if not least <= int(value) <= most:
            raise self.error(f"{value} is not between {least} and {most}")
        return int(value)

    def decimal_text(self) -> str:
        """Return an exact decimal as written; a YAML float is refused, because it is not exact."""
        if self.node.tag == f"{_TAG}float":
            value = self._scalar("an amount", tags=("float",))
            raise self.error(
                f'{value} would be read as a binary fraction; write it in quotes, as in "{value}"'
            )
        value = self._scalar("an exact decimal amount", tags=("int", "str"))
        if not _AMOUNT.fullmatch(value):
            raise self.error(f'“{value}” is no decimal amount; write plain digits, as in 45000 or "0.03"')
        return value

    def amount(self) -> Decimal:
        """Return an amount in CNY, with at most 2 places."""
        value = self.decimal_text()
        if len(value.partition(".")[2]) > 2:  # noqa: PLR2004 - the fen is the smallest unit of money
            raise self.error(f"{value} has more than 2 places; an amount in CNY has at most 2")
        return Decimal(value)

    def day(self) -> date:
        """Return a calendar day, written as in 2026-01-01."""
        value = self._scalar("a day", tags=("timestamp", "str"))
        try:
            if _DAY.fullmatch(value):
                return date.fromisoformat(value)
        except ValueError:
            pass
        raise self.error(f"“{value}” is no day; write it as in 2026-01-01")

    def time_of_day(self) -> time | None:
        """Return a time of the day, written in quotes as in "09:00"; None for "24:00", the day's end."""
        value = self._scalar("a time of the day", tags=("str", "int"))
        if value == "24:00":
            return None
        if not _TIME.fullmatch(value):
            raise self.error(f'“{value}” is no time of the day; write it in quotes, as in "09:00"')
        return time.fromisoformat(value)

    def yes_or_no(self) -> bool:
        """Return a truth value, written true or false."""
        value = self._scalar("true or false", tags=("bool",))
        if value not in ("true", "false"):
            raise self.error(f"“{value}” is neither true nor false; write one of the two")
        return value == "true"

    def choice(self, kinds: type[Choice]) -> Choice:
        """Return one of the words of an enumeration."""
        value = self._scalar("a word", tags=("str",))
        known = [kind.value for kind in kinds]
        if value not in known:
            raise self.error(f"unknown word “{value}”{suggestion(value, known)}")
        return kinds(value)

    def _checked_code(self, written: str) -> str:
        if not _CODE.fullmatch(written) or len(written) > _CODE_LENGTH_MAX:
            reason = "use lower-case letters, digits and single hyphens, at most 64"
            raise self.error(f"“{written}” is no code; {reason}")
        return written

    def _scalar(self, expected: str, tags: tuple[str, ...]) -> str:
        if not isinstance(self.node, yaml.ScalarNode):
            raise self.error(f"expected {expected}")
        if self.node.tag not in {_TAG + tag for tag in tags}:
            shown = "nothing" if self.is_null else f"“{self.node.value}”"
            hint = "; put it in quotes" if "str" in tags and not self.is_null else ""
            raise self.error(f"expected {expected}, found {shown}{hint}")
        return str(self.node.value)

    def _child(self, key: str, node: yaml.Node, line: int | None = None) -> "Entry":
        child = Entry(file=self.file, path=_joined(self.path, key), node=node, lines=self.lines)
        self.lines[child.path] = (self.file, line or child.line)
        return child


@lru_cache(maxsize=_MOST_FILES)
def _node(text: str) -> yaml.Node | None:
    """Return the tree of a file, not to be changed. The C parser would be faster, but deep nesting crashes it."""
    return yaml.compose(text, Loader=yaml.SafeLoader)


def compose(file: str, content: bytes, lines: Lines) -> Entry:
    """Return the top of a YAML file, without interpreting any value.

    `lines` is filled with the place of every path that is read. Raises EditionError when the content
    is not one YAML document in UTF-8.
    """
    try:
        node = _node(content.decode("utf-8"))
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise EditionError(file, f"line {line}", "the file is not UTF-8; save it as UTF-8") from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise EditionError(file, f"line {line}", f"this is not YAML: {error.problem}") from error
    except yaml.reader.ReaderError as error:
        line = content.decode("utf-8").count("\n", 0, error.position) + 1
        character = ord(error.character) if isinstance(error.character, str) else error.character
        reason = f"the file holds the control character U+{character:04X}; remove it"
        raise EditionError(file, f"line {line}", reason) from error
    except RecursionError as error:
        raise EditionError(file, "line 1", "the file is nested too deeply") from error
    if node is None:
        raise EditionError(file, "line 1", "the file is empty; write its keys")
    return Entry(file=file, path="", node=node, lines=lines)


def place_of(path: str, line: int) -> str:
    """Return a place as people read it: the dotted path and its line."""
    return f"{path} (line {line})" if path else f"line {line}"


def suggestion(word: str, known: Collection[str]) -> str:
    """Return the end of a reason: the known name that is most similar, or all known names."""
    near = difflib.get_close_matches(word, known, n=1)
    if near:
        return f"; did you mean {near[0]}?"
    return f"; known are: {', '.join(known)}" if known else "; none is known"


def _joined(path: str, key: str) -> str:
    return ".".join(part for part in (path, key) if part)


def _printable(text: str) -> str:
    """Return a text that stays on one line of a terminal, whatever a wrong file put into it."""
    return "".join(part if part.isprintable() else f"U+{ord(part):04X}" for part in text)
