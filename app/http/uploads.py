"""The route /statements: a vendor's statement as a file, by finance or the vendor, checked and imported as a whole.

The file is spooled to disk as it arrives, up to the longest that is allowed. Uploads have a few places of their own:
without a free one a request is refused before its file is read. All problems of the rows are answered together, so that
one correction is enough.
"""

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import PurePosixPath

from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from app.capacity.admission import Gatekeeper
from app.http.authentication import pay_for_file, viewer_of
from app.http.limits import announced_length
from app.identity.tokens import Tokens
from app.requests.access import identified, remark
from app.requests.errors import SERVICE_UNAVAILABLE, RequestError, bad_request, try_again
from app.requests.negotiation import language, media_type_of
from app.services import Services
from app.statements.cells import UnreadableError, amount_of
from app.statements.checking import Checked
from app.statements.importing import Imported, Sheet, import_sheet
from app.statements.sheets import Row, SheetError
from app.statements.tables import Table
from base.database import Pool
from base.months import MONTH_EXPECTED, month_text, parse_month
from base.words import Words, counted
from ledger.reconciliation.lines import LineProblem
from ledger.reconciliation.reading import StatementView
from ledger.reconciliation.values import StatementId
from ledger.refusals import Refusal, RefusalCode
from schema.context import Language, Viewer
from schema.errors import ForbiddenError
from schema.permissions import check_own_vendor, may
from schema.work import WorkClass

_WEIGHT = 2
"""Places of the class `files` that an upload takes: it is read, checked and matched, which is more than an export."""
_MOST_PROBLEMS = 1000
_MOST_FIELD_BYTES = 4096
_MOST_OVERHEAD_BYTES = 64 * 1024
_FIELDS = ("vendor", "period", "number", "sheet", "keepGoing", "total", "file")
_ABOUT_THE_CONTENT = frozenset({RefusalCode.INVALID, RefusalCode.TOTAL_DIFFERS})
_CREATED, _OK, _CONFLICT, _UNPROCESSABLE = 201, 200, 409, 422


@dataclass(slots=True)
class _Problems:
    """The first problems of a file, for the answer."""

    language: str
    first: list[dict[str, object]] = field(default_factory=list)

    def add(self, _: Table, row: Row, problems: Sequence[LineProblem]) -> None:
        """Add the problems of a row, in words."""
        for problem in problems[: _MOST_PROBLEMS - len(self.first)]:
            reason = problem.words.spoken(self.language)
            self.first.append({"row": row.number, "column": problem.column, "reason": reason})


class Uploads:
    """Answers requests with a statement as a file."""

    def __init__(self, services: Services, tokens: Tokens, gatekeeper: Gatekeeper) -> None:
        self._services = services
        self._tokens = tokens
        self._gatekeeper = gatekeeper

    async def __call__(self, request: Request) -> Response:
        """Answer a request. Raises RequestError for one that is not a statement, or not allowed."""
        viewer = await viewer_of(request, self._tokens, self._services.budgets)
        _check_role(viewer)
        remark(request.scope, operation="statement upload", **{"class": WorkClass.FILES.value})
        await pay_for_file(request, viewer, self._services.budgets)
        attempt = self._gatekeeper.attempt(language(request.headers.get("accept-language")))
        async with attempt.answering(WorkClass.FILES, _WEIGHT) as pool:
            form = await self._form(request)
            taking = self._take(viewer, form, pool, attempt.language)
            return await attempt.run(taking, request.receive)

    async def _form(self, request: Request) -> FormData:
        """The parts of the request, the file on disk. Raises RequestError."""
        if media_type_of(request.headers.get("content-type")) != "multipart/form-data":
            raise RequestError(415, "UNSUPPORTED_MEDIA_TYPE", "The body must be multipart/form-data.")
        most = self._services.settings.max_upload_bytes
        if announced_length(request) > most + _MOST_OVERHEAD_BYTES:
            raise _too_long(most)
        parser = MultiPartParser(
            request.headers,
            _limited(request, most),
            max_files=1,
            max_fields=len(_FIELDS),
            max_part_size=_MOST_FIELD_BYTES,
        )
        try:
            return await parser.parse()
        except MultiPartException as error:
            raise bad_request(f"The form cannot be read: {error.message}") from None

    async def _take(self, viewer: Viewer, form: FormData, pool: Pool, chosen: Language) -> Response:
        try:
            return await self._import(viewer, form, pool, chosen)
        finally:
            await form.close()

    async def _import(self, viewer: Viewer, form: FormData, pool: Pool, chosen: Language) -> Response:
        sheet = _sheet(form)
        _check_vendor(viewer, sheet.vendor)
        problems = _Problems(chosen)
        try:
            imported = await import_sheet(
                replace(self._services, pool=pool),
                sheet,
                by=viewer.subject or viewer.role.value,
                on_problems=problems.add,
            )
        except SheetError as error:
            whole = {"row": None, "column": None, "reason": error.message(chosen)}
            return _refused(_UNPROCESSABLE, "UNREADABLE", error.message(chosen), problems=[whole])
        if isinstance(imported.outcome, Refusal):
            refusal = imported.outcome
            if refusal.retry_after is not None:
                raise try_again(
                    SERVICE_UNAVAILABLE, refusal.code.value, refusal.message(chosen), refusal.retry_after
                )
            status = _UNPROCESSABLE if refusal.code in _ABOUT_THE_CONTENT else _CONFLICT
            return _refused(
                status, refusal.code.value, refusal.message(chosen), differing=list(refusal.differing)
            )
        facts = {**_facts(imported, chosen), "problems": problems.first}
        if imported.outcome is None:
            message = _nothing_imported(imported.checked).spoken(chosen)
            return _refused(_UNPROCESSABLE, "UNREADABLE", message, **facts)
        taken = {"statement": _statement(imported.outcome), "replayed": imported.replayed, **facts}
        return _answer(taken, _OK if imported.replayed else _CREATED)


async def _limited(request: Request, most: int) -> AsyncGenerator[bytes]:
    """The body in chunks, up to its limit."""
    length = 0
    async for chunk in request.stream():
        length += len(chunk)
        if length > most + _MOST_OVERHEAD_BYTES:
            raise _too_long(most)
        yield chunk


def _check_role(viewer: Viewer) -> None:
    if not may(viewer, "POST /statements"):
        message = f"The role {viewer.role.value} may not submit statements."
        raise RequestError(403, "FORBIDDEN", message)


def _check_vendor(viewer: Viewer, vendor: str) -> None:
    try:
        check_own_vendor(viewer, vendor)
    except ForbiddenError:
        raise RequestError(403, "FORBIDDEN", "A vendor may submit its own statements only.") from None


def _too_long(most: int) -> RequestError:
    message = f"The file is longer than {most} bytes."
    return RequestError(413, "PAYLOAD_TOO_LARGE", message, {"connection": "close"})


def _sheet(form: FormData) -> Sheet:
    """The upload from the form. Raises RequestError naming what is missing or wrong."""
    unknown = sorted(set(form) - set(_FIELDS))
    if unknown or len(form.multi_items()) != len(set(form)):
        raise bad_request(f"Send each of {', '.join(_FIELDS)} once at most, and nothing else.")
    file = form.get("file")
    if not isinstance(file, UploadFile):
        raise bad_request("`file` must be given: the sheet, as a file.")
    vendor, period = _text(form, "vendor"), _text(form, "period")
    month: date | None = parse_month(period or "")
    if vendor is None:
        raise bad_request("`vendor` must be given: the code of the vendor.")
    if month is None:
        raise bad_request(f"`period`: {MONTH_EXPECTED.en}.")
    number = _text(form, "number") or PurePosixPath((file.filename or "").replace("\\", "/")).stem
    if not number:
        raise bad_request(
            "`number` must be given, or the file have a name: the vendor's number of the statement."
        )
    keep_going = _text(form, "keepGoing") or "false"
    if keep_going not in {"true", "false"}:
        raise bad_request("`keepGoing` must be true or false.")
    try:
        total = amount_of(given) if (given := _text(form, "total")) is not None else None
    except UnreadableError as error:
        raise bad_request(f"`total`: {error.words.en}.") from None
    return Sheet(
        stream=file.file,
        vendor=vendor,
        number=number,
        month=month,
        name=_text(form, "sheet"),
        keep_going=keep_going == "true",
        total=total,
    )


def _text(form: FormData, name: str) -> str | None:
    value = form.get(name)
    if isinstance(value, UploadFile):
        raise bad_request(f"`{name}` must be a text, not a file.")
    return value.strip() or None if value is not None else None


def _nothing_imported(checked: Checked) -> Words:
    """Why nothing was imported: rows that cannot be read, or totals that are not what their lines come to."""
    refused, differing = checked.refused, checked.differing
    if not differing:
        return Words(
            f"有 {refused} 行无法读取，整份未导入。",
            f"{counted(refused, 'row')} cannot be read: nothing was imported.",
        )
    totals = counted(differing, "total differs", "totals differ")
    return Words(
        f"有 {differing} 处合计与明细不符，{refused} 行无法读取，整份未导入。",
        f"{totals} from the lines, {counted(refused, 'row')} cannot be read: nothing was imported.",
    )


def _facts(imported: Imported, language: Language) -> dict[str, object]:
    checked = imported.checked
    return {
        "goodRows": checked.lines,
        "refusedRows": checked.refused,
        "ignoredColumns": list(checked.ignored),
        "skippedRows": [{"row": each.row, "words": each.words} for each in checked.skipped],
        "notes": [note.spoken(language) for note in checked.notes],
    }


def _statement(view: StatementView) -> Mapping[str, object]:
    """The statement as the API shows it."""
    return {
        "id": StatementId(view.id).opaque,
        "number": view.number,
        "vendor": {"code": view.vendor.code, "name": view.vendor.name},
        "period": month_text(view.month),
        "status": view.status.value,
        "lines": view.lines,
        "stated": {"units": view.stated_units, "amount": f"{view.stated_amount:f}"},
        "matched": {"units": view.matched_units, "amount": f"{view.matched_amount:f}"},
        "payable": f"{view.payable:f}",
        "open": view.open,
        "counts": [{"kind": kind.value, "count": count} for kind, count in view.counts],
    }


def _refused(status: int, code: str, message: str, **facts: object) -> Response:
    error = {"message": message, "extensions": identified({"code": code})}
    return _answer({"errors": [error], **facts}, status)


def _answer(content: Mapping[str, object], status: int) -> Response:
    return JSONResponse(content, status, {"cache-control": "no-store"})
