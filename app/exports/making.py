"""Making a file off the event loop, so that it blocks no redemptions, and without leftovers when it is cancelled."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Callable
from contextlib import asynccontextmanager
from tempfile import TemporaryFile
from typing import IO, ParamSpec, TypeVar

from app.exports.paper import Paper
from app.exports.telling import Telling
from app.exports.workbook import Book

T = TypeVar("T")
P = ParamSpec("P")

ROWS_A_BATCH = 500
_CHUNK_BYTES = 256 * 1024

Make = Callable[[], Awaitable[IO[bytes]]]
"""Makes a whole file, in a temporary one that is the caller's to close, read from its beginning."""


async def aside(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run work in a thread. When cancelled, wait for its end, because its resources are released afterwards."""
    running = asyncio.ensure_future(asyncio.to_thread(work, *args, **kwargs))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait([running])
        raise


async def in_batches(rows: AsyncIterable[T]) -> AsyncGenerator[list[T]]:
    """The rows, some hundred at a time."""
    batch: list[T] = []
    async for row in rows:
        batch.append(row)
        if len(batch) == ROWS_A_BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


@asynccontextmanager
async def new_workbook(subject: str, telling: Telling) -> AsyncGenerator[Book]:
    """A new workbook with its subject at the foot of each page, discarded when the block fails."""
    book = Book(Paper(subject=subject, pages=telling.say("第 &P 页，共 &N 页", "page &P of &N")))
    try:
        yield book
    except BaseException:
        await aside(book.discard)
        raise


async def saved(book: Book) -> IO[bytes]:
    """The workbook as a file."""
    return await aside(_save, book)


def _save(book: Book) -> IO[bytes]:
    file = TemporaryFile()  # noqa: SIM115 - the caller closes it
    book.save(file)
    file.seek(0)
    return file


async def file_chunks(make: Make) -> AsyncGenerator[bytes]:
    """A complete file, in pieces; it is closed with the generator."""
    with await make() as file:
        while chunk := file.read(_CHUNK_BYTES):
            yield chunk
