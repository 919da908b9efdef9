"""The routes below /exports: permissions and parameters of each file.

A download lasts as long as its reader takes. So files are a class of work of their own, few at a time, with connections
of their own.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, aclosing
from typing import IO, TypeAlias
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from app.audit import AuditLog
from app.capacity.admission import Gatekeeper
from app.exports.columns import Language
from app.exports.entries import EntryForm, entry_chunks
from app.exports.findings import FindingsAsked, check_findings, findings_file
from app.exports.making import file_chunks
from app.exports.settlement import check_settlement, settlement_file
from app.exports.telling import NothingThereError, SheetForm, Telling
from app.http.authentication import pay_for_file, viewer_of
from app.http.parameters import at_most_one, day_of, month_of, one_of, parameters, values_of
from app.http.streaming import Download
from app.identity.tokens import Tokens
from app.requests.access import remark
from app.requests.errors import RequestError, bad_request, unavailable
from app.requests.negotiation import language
from app.services import Services
from base.database import Pool
from base.months import month_text
from handbook import business_day, start_of
from ledger.reconciliation.reading import FindingFilter
from ledger.reconciliation.values import FindingKind
from ledger.reports.exporting import unknown_in
from ledger.reports.filters import EntryFilter, Span
from schema.context import Viewer
from schema.errors import Unavailability
from schema.permissions import is_vendor, may
from schema.work import WorkClass

_ENTRY_PARAMETERS = ("format", "vendor", "benefit", "kind", "member", "from", "to")
_FINDING_PARAMETERS = ("format", "vendor", "period", "statement", "kind", "open")
_SETTLEMENT_PARAMETERS = ("format", "vendor", "period")
_MEDIA_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "jsonl": "application/x-ndjson; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}

_Answer: TypeAlias = Callable[[Request, Viewer], Awaitable[Response]]


class Downloads:
    """Answers requests for files."""

    def __init__(self, services: Services, tokens: Tokens, gatekeeper: Gatekeeper, audit: AuditLog) -> None:
        self._services = services
        self._tokens = tokens
        self._gatekeeper = gatekeeper
        self._audit = audit
        self._files: Mapping[str, _Answer] = {
            "entries": self._entries,
            "findings": self._findings,
            "settlement": self._settlement,
        }

    async def __call__(self, request: Request) -> Response:
        """Answer a request. Raises RequestError for a file that is missing or forbidden, or a malformed request."""
        what: str = request.path_params["what"]
        answer = self._files.get(what)
        if answer is None:
            raise RequestError(404, "NOT_FOUND", f"There are {', '.join(self._files)}.")
        viewer = await viewer_of(request, self._tokens, self._services.budgets)
        if not may(viewer, f"GET /exports/{what}"):
            raise RequestError(403, "FORBIDDEN", f"The role {viewer.role.value} may not export {what}.")
        if not self._audit.admits(viewer):
            raise unavailable(Unavailability.OUTAGE, language(request.headers.get("accept-language")))
        remark(request.scope, operation=f"export {what}", **{"class": WorkClass.FILES.value})
        await pay_for_file(request, viewer, self._services.budgets)
        try:
            return await answer(request, viewer)
        except NothingThereError as error:
            raise RequestError(404, "NOT_FOUND", _sentence(str(error))) from None

    async def _entries(self, request: Request, viewer: Viewer) -> Response:
        asked = await parameters(request, _ENTRY_PARAMETERS)
        form = EntryForm(one_of(asked, "format", list(EntryForm)))
        where = _entry_filter(asked)
        async with self._placed(request, WorkClass.READS) as pool:
            unknown = await unknown_in(pool, where, self._services.handbook)
        if unknown:
            raise bad_request("; ".join(unknown[:10]))
        self._note(request, viewer, asked)

        async def placed() -> AsyncGenerator[bytes]:
            async with (
                self._placed(request, WorkClass.FILES) as pool,
                aclosing(entry_chunks(pool, where, form)) as chunks,
            ):
                async for chunk in chunks:
                    yield chunk

        return self._download(request, placed(), f"entries.{form.value}")

    async def _findings(self, request: Request, viewer: Viewer) -> Response:
        given = await parameters(request, _FINDING_PARAMETERS)
        asked = FindingsAsked(
            vendor=_own_vendor(given, viewer),
            month=month_of(given),
            statement=at_most_one(given, "statement"),
            where=_finding_filter(given),
        )
        form, telling = self._form(given), self._telling(request, viewer)
        async with self._placed(request, WorkClass.READS) as pool:
            await check_findings(pool, asked)
        self._note(request, viewer, given)
        return self._made(
            request,
            lambda pool: findings_file(pool, asked, form, telling),
            f"{asked.vendor}-{month_text(asked.month)}-findings.{form.value}",
        )

    async def _settlement(self, request: Request, viewer: Viewer) -> Response:
        given = await parameters(request, _SETTLEMENT_PARAMETERS)
        vendor, month = _own_vendor(given, viewer), month_of(given)
        form, telling = self._form(given), self._telling(request, viewer)
        async with self._placed(request, WorkClass.READS) as pool:
            await check_settlement(pool, vendor, month)
        self._note(request, viewer, given)
        return self._made(
            request,
            lambda pool: settlement_file(pool, vendor, month, form, telling),
            f"{vendor}-{month_text(month)}-settlement.{form.value}",
        )

    def _made(self, request: Request, make: Callable[[Pool], Awaitable[IO[bytes]]], name: str) -> Download:
        """A file that is completed before it is sent, so that a slow reader holds no database connection."""

        async def placed() -> IO[bytes]:
            async with self._placed(request, WorkClass.FILES) as pool:
                return await make(pool)

        return self._download(request, file_chunks(placed), name)

    def _placed(self, request: Request, kind: WorkClass) -> AbstractAsyncContextManager[Pool]:
        """Keep a place of a class while the block runs, and yield its pool. Raises RequestError without a free one."""
        return self._gatekeeper.attempt(language(request.headers.get("accept-language"))).answering(kind)

    def _note(self, request: Request, viewer: Viewer, asked: Mapping[str, list[str]]) -> None:
        """Log whose data is sent: the members named, and the other parameters."""
        rest = [(name, value) for name, given in asked.items() if name != "member" for value in given]
        self._audit.note(
            viewer,
            operation=f"export {request.path_params['what']}",
            members=asked.get("member", ()),
            scope=urlencode(rest) or "everything",
        )

    def _download(self, request: Request, chunks: AsyncGenerator[bytes], name: str) -> Download:
        remark(request.scope, operation=f"export {request.path_params['what']}")
        today = business_day(self._services.clock())
        return Download(
            chunks,
            name=f"{today}-{name}",
            media_type=_MEDIA_TYPES[name.rpartition(".")[2]],
            deadline_s=self._services.settings.files_deadline_s,
        )

    def _telling(self, request: Request, viewer: Viewer) -> Telling:
        return Telling(
            handbook=self._services.handbook,
            language=Language(language(request.headers.get("accept-language"))),
            now=self._services.clock(),
            to_vendor=is_vendor(viewer),
        )

    @staticmethod
    def _form(asked: Mapping[str, list[str]]) -> SheetForm:
        return SheetForm(one_of(asked, "format", list(SheetForm)))


def _entry_filter(asked: Mapping[str, list[str]]) -> EntryFilter:
    start, end = day_of(asked, "from"), day_of(asked, "to")
    if start is not None and end is not None and start >= end:
        raise bad_request("`to` is the day after the last and must be after `from`.")
    return EntryFilter(
        vendors=values_of(asked, "vendor"),
        kinds=values_of(asked, "kind"),
        benefits=values_of(asked, "benefit"),
        member_nos=values_of(asked, "member"),
        occurred=Span(
            start=None if start is None else start_of(start), end=None if end is None else start_of(end)
        ),
    )


def _finding_filter(asked: Mapping[str, list[str]]) -> FindingFilter:
    kinds = values_of(asked, "kind")
    unknown = sorted((kinds or frozenset()).difference(FindingKind))
    if unknown:
        raise bad_request(f"`kind` must be one of: {', '.join(FindingKind)}.")
    waiting = one_of(asked, "open", ["true", "false"]) == "true" if "open" in asked else None
    return FindingFilter(kinds=kinds, open=waiting)


def _own_vendor(asked: Mapping[str, list[str]], viewer: Viewer) -> str:
    """The vendor of the file: a vendor's token is for itself, staff name one."""
    vendor = at_most_one(asked, "vendor") or viewer.vendor
    if vendor is None:
        raise bad_request("`vendor` must be given: the code of the vendor.")
    if viewer.vendor not in {None, vendor}:
        raise RequestError(403, "FORBIDDEN", "A vendor may see itself only.")
    return vendor


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}."
