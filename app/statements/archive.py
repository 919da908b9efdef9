"""XLSX files as archives of XML: opened and read so that no crafted file exhausts memory.

A small archive can hold an endless amount (a "zip bomb"), and XML can define texts that grow without end. So the
archive's directory and every part have a limit, no part is read as a whole unless it is small, and a document type,
which is where such texts are defined and which no spreadsheet program writes, is refused.
"""

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, NoReturn
from xml.etree.ElementTree import Element, ParseError
from xml.parsers import expat  # document types, and with them all entities, are refused below

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from app.statements.sheets import SheetError

_LARGEST_DIRECTORY = 1 << 20
_LARGEST_SMALL_PART = 16 << 20
_LARGEST_PART = 2 << 30
_LARGEST_DENSE_PART = 16 << 20
_MOST_DENSE = 400
"""Rows of a statement are packed to a tenth or a fiftieth; only blanks to less than a four-hundredth."""
_CHUNK_BYTES = 1 << 16
_LONGEST_TOKEN = 1 << 20
_LARGEST_TAIL = 66_000
_END, _END_64, _LOCATOR_64 = b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07"
_FAILURES = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,  # compressed in a way that no spreadsheet program uses
    RuntimeError,  # encrypted
    ParseError,
    DefusedXmlException,
    expat.ExpatError,
    struct.error,
    LookupError,  # a missing part, an unknown encoding
    ArithmeticError,
    ValueError,
)


def damaged() -> SheetError:
    """The error for an archive that is no readable workbook."""
    return SheetError(
        "文件已损坏，或不是 Excel 工作簿；请用表格软件打开后另存为 .xlsx",
        "the file is damaged or no workbook: open it in a spreadsheet program and save it as .xlsx",
    )


def _mostly_blank() -> SheetError:
    return SheetError(
        "文件解压后几乎全是空白，不读取；请把有内容的行复制到新的工作簿",
        "unpacked, the file is nearly all blank, and is not read: copy the rows that matter to a new workbook",
    )


@contextmanager
def reading() -> Iterator[None]:
    """Turn errors in the block that are caused by the file's content into a SheetError."""
    try:
        yield
    except _FAILURES as error:
        raise damaged() from error


def open_archive(stream: IO[bytes]) -> zipfile.ZipFile:
    """Open an archive whose directory is small enough to be held. Raises SheetError."""
    with reading():
        if _directory_bytes(stream) > _LARGEST_DIRECTORY:
            raise damaged()
        stream.seek(0)
        return zipfile.ZipFile(stream)


def _directory_bytes(stream: IO[bytes]) -> int:
    size = stream.seek(0, io.SEEK_END)
    stream.seek(max(0, size - _LARGEST_TAIL))
    tail = stream.read(_LARGEST_TAIL)
    end = tail.rfind(_END)
    if end < 0:
        raise damaged()
    (directory,) = struct.unpack_from("<I", tail, end + 12)
    locator = tail.rfind(_LOCATOR_64, 0, end)
    if locator >= 0:
        (place,) = struct.unpack_from("<Q", tail, locator + 8)
        stream.seek(place)
        record = stream.read(48)
        if record.startswith(_END_64):
            (directory,) = struct.unpack_from("<Q", record, 40)
    return int(directory)


def small_part(archive: zipfile.ZipFile, name: str) -> Element | None:
    """A small part, read as a whole; None when there is none of the name. Raises SheetError."""
    if name not in archive.namelist():
        return None
    with reading():
        if archive.getinfo(name).file_size > _LARGEST_SMALL_PART:
            raise damaged()
        return fromstring(archive.read(name), forbid_dtd=True)


class Parsing:
    """A large part that is parsed while it is read: `parser` wants its handlers; `done` of `size` bytes are read."""

    def __init__(self, archive: zipfile.ZipFile, name: str) -> None:
        self._archive = archive
        self._name = name
        packed = archive.getinfo(name)
        self.size = packed.file_size
        self._is_mostly_blank = (
            self.size > _LARGEST_DENSE_PART and self.size > _MOST_DENSE * packed.compress_size
        )
        self.done = 0
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.ordered_attributes = True
        self.parser.StartDoctypeDeclHandler = _refuse_document_type

    def steps(self) -> Iterator[None]:
        """Parse piece by piece; after each, what the handlers gathered can be taken. Raises SheetError."""
        with reading():
            if self._is_mostly_blank:
                raise _mostly_blank()
            if self.size > _LARGEST_PART:
                raise damaged()
            with self._archive.open(self._name) as part:
                while chunk := part.read(_CHUNK_BYTES):
                    self.done += len(chunk)
                    self.parser.Parse(chunk, False)
                    if self.done - self.parser.CurrentByteIndex > _LONGEST_TOKEN:
                        raise damaged()  # one endless tag, which the parser would buffer
                    yield
                self.parser.Parse(b"", True)
                yield


def pairs(attributes: list[str]) -> Iterator[tuple[str, str]]:
    """The attributes of an element, with their names."""
    return zip(attributes[::2], attributes[1::2], strict=True)


def _refuse_document_type(*_: object) -> NoReturn:
    raise damaged()
