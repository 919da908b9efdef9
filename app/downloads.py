"""The addresses below /exports: who may have which file, and what the address asks for.

Downloads wait for whoever reads them. So they are few at a time: redemptions must find a connection to the database
whatever finance is doing. A member number does not belong into an address, which is logged by everything between: a
filter by members is sent as a form.
"""

import asyncio
from collections.abc import AsyncGenerator, Iterable, Mapping
from contextlib import aclosing
from datetime import date
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response

from app.access import remark
from app.authentication import viewer_of
from app.exports.entries import EntryForm, entry_chunks
from app.graphql_http import RequestError
from app.limits import BodyTooLargeError, limited_body
from app.services import Services
from app.streaming import Download
from app.tokens import Tokens
from handbook import business_day, start_of
from ledger.exporting import unknown_in
from ledger.reports import EntryFilter, Span
from schema.context import Viewer
from schema.permissions import STAFF

_MOST_AT_ONCE = 4
_MOST_VALUES = 1000
_RETRY_AFTER_S = "30"
_FORM = "application/x-www-form-urlencoded"
_ENTRY_PARAMETERS = ("format", "vendor", "benefit", "kind", "member", "from", "to")
_MEDIA_TYPES = {"csv": "text/csv; charset=utf-8", "jsonl": "application/x-ndjson; charset=utf-8"}


class Downloads:
    """Answers requests for files; at most a quarter of the connections, and never more than four, at work at once."""

    def __init__(self, services: Services, tokens: Tokens) -> None:
        self._services = services
        self._tokens = tokens
        self._places = asyncio.Semaphore(max(1, min(_MOST_AT_ONCE, services.settings.pool_size // 4)))

    async def __call__(self, request: Request) -> Response:
        """Answer a request."""
        try:
            viewer = await viewer_of(request, self._tokens)
            return await self._entries(request, viewer)
        except RequestError as error:
            return error.response()

    async def _entries(self, request: Request, viewer: Viewer) -> Response:
        if viewer.role not in STAFF:
            raise RequestError(403, "FORBIDDEN", f"The role {viewer.role.value} may not export the ledger.")
        asked = await _asked(request, _ENTRY_PARAMETERS)
        form = EntryForm(_one_of(asked, "format", list(EntryForm)))
        where = _entry_filter(asked)
        unknown = await unknown_in(self._services.pool, where, self._services.handbook)
        if unknown:
            raise _bad("; ".join(unknown[:10]))
        chunks = self._in_its_place(entry_chunks(self._services.pool, where, form))
        return self._download(request, chunks, f"entries.{form.value}")

    def _download(self, request: Request, chunks: AsyncGenerator[bytes], name: str) -> Download:
        remark(request.scope, operation=f"export {name}")
        today = business_day(self._services.clock())
        return Download(chunks, name=f"{today}-{name}", media_type=_MEDIA_TYPES[name.rpartition(".")[2]])

    def _in_its_place(self, chunks: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
        """The same chunks, while a place is taken for them. Raises RequestError when none is free."""
        if self._places.locked():
            headers = {"retry-after": _RETRY_AFTER_S}
            raise RequestError(503, "BUSY", "Other exports are running: try again in a minute.", headers)

        async def placed() -> AsyncGenerator[bytes]:
            async with self._places, aclosing(chunks):
                async for chunk in chunks:
                    yield chunk

        return placed()


async def _asked(request: Request, known: Iterable[str]) -> Mapping[str, list[str]]:
    """The parameters of the address and of a form, by name. Raises RequestError for one that is not known."""
    if request.method not in {"GET", "POST"}:
        raise RequestError(
            405, "METHOD_NOT_ALLOWED", "Files are asked for by GET or POST.", {"allow": "GET, POST"}
        )
    pairs = request.query_params.multi_items()
    if any(name == "member" for name, _ in pairs):
        raise _bad("Addresses are logged on their way: send `member` by POST, as a form.")
    if request.method == "POST":
        pairs += await _form(request)
    if len(pairs) > _MOST_VALUES:
        raise _bad(f"At most {_MOST_VALUES} values at once.")
    asked: dict[str, list[str]] = {}
    for name, value in pairs:
        if name not in known:
            raise _bad(f"There is no parameter {name[:50]!r}; there are: {', '.join(known)}.")
        asked.setdefault(name, []).append(value)
    return asked


async def _form(request: Request) -> list[tuple[str, str]]:
    if request.headers.get("content-type", "").split(";")[0].strip().lower() != _FORM:
        raise RequestError(415, "UNSUPPORTED_MEDIA_TYPE", f"The body must be {_FORM}.")
    try:
        body = await limited_body(request, _MOST_VALUES * 200)
    except BodyTooLargeError:
        raise RequestError(
            413, "PAYLOAD_TOO_LARGE", "The form is too long.", {"connection": "close"}
        ) from None
    try:
        return parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="strict")
    except ValueError:
        raise _bad("The body is no form in UTF-8.") from None


def _entry_filter(asked: Mapping[str, list[str]]) -> EntryFilter:
    start, end = _day(asked, "from"), _day(asked, "to")
    if start is not None and end is not None and start >= end:
        raise _bad("`to` is the day after the last and must be after `from`.")
    return EntryFilter(
        vendors=_values(asked, "vendor"),
        kinds=_values(asked, "kind"),
        benefits=_values(asked, "benefit"),
        member_nos=_values(asked, "member"),
        occurred=Span(
            start=None if start is None else start_of(start), end=None if end is None else start_of(end)
        ),
    )


def _values(asked: Mapping[str, list[str]], name: str) -> frozenset[str] | None:
    return frozenset(asked[name]) if name in asked else None


def _one_of(asked: Mapping[str, list[str]], name: str, allowed: list[str]) -> str:
    """The one value of a parameter, by default the first that is allowed."""
    given = asked.get(name, allowed[:1])
    if len(given) > 1 or given[0] not in allowed:
        raise _bad(f"`{name}` must be one of: {', '.join(allowed)}.")
    return given[0]


def _day(asked: Mapping[str, list[str]], name: str) -> date | None:
    given = asked.get(name)
    if given is None:
        return None
    try:
        (text,) = given
        return date.fromisoformat(text)
    except ValueError:
        raise _bad(f"`{name}` must be one day, written like 2026-10-05.") from None


def _bad(message: str) -> RequestError:
    return RequestError(400, "BAD_REQUEST", message)
