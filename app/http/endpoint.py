"""The endpoint /graphql: authentication, parsing, and the answer in the form and language that the client accepts."""

import structlog
from graphql import DocumentNode, GraphQLError, get_operation_ast
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, Response
from strawberry.http.ides import get_graphql_ide_html
from strawberry.types import ExecutionResult

from app.audit import AuditLog
from app.capacity.admission import Attempt, Gatekeeper
from app.editions import edition_folders
from app.http.authentication import viewer_of
from app.http.documents import UnknownDocumentError, documents_of
from app.http.graphql_http import GraphQLRequest, execution_response, parse_request
from app.http.limits import BodyTooLargeError, limited_body
from app.identity.tokens import Tokens
from app.requests.access import remark
from app.requests.errors import RequestError, unavailable
from app.requests.negotiation import answer_type, language, wants_html
from app.services import Services
from ledger.refusals import RefusalCode
from schema.billing import Bill
from schema.context import Context
from schema.disclosure import collecting
from schema.errors import ErrorCode, RateLimitedError, Unavailability
from schema.execution import EntitlementsSchema

log = structlog.get_logger(__name__)


# GraphiQL's script and style come from a public address; where that cannot be reached, the page says so.
_WITHOUT_SCRIPT = """<script>
  if (typeof GraphiQL === "undefined") {
    document.body.innerText = "GraphiQL could not be loaded from its public address (unpkg.com). " +
      "Send operations by POST to this address, with the header Authorization: Bearer <token>.";
  }
</script>
</body>"""


def query_page() -> str:
    """GraphiQL, for a browser; the token goes into its headers."""
    return get_graphql_ide_html("graphiql").replace("</body>", _WITHOUT_SCRIPT)


class GraphQLEndpoint:
    """Executes GraphQL requests of viewers with a valid token; shows a browser the query page."""

    def __init__(
        self,
        schema: EntitlementsSchema,
        services: Services,
        tokens: Tokens,
        gatekeeper: Gatekeeper,
        audit: AuditLog,
    ) -> None:
        self._schema = schema
        self._documents = documents_of(services.settings, schema)
        self._services = services
        self._tokens = tokens
        self._gatekeeper = gatekeeper
        self._audit = audit

    async def __call__(self, request: Request) -> Response:
        """Answer a request. Raises RequestError for one that is not a GraphQL request."""
        return await self._execute(request) if request.method == "POST" else self._page(request)

    def _page(self, request: Request) -> Response:
        accept = request.headers.get("accept")
        if wants_html(accept) and self._services.settings.shows_graphiql:
            return HTMLResponse(query_page())
        raise RequestError(405, "METHOD_NOT_ALLOWED", "Operations are sent by POST.", {"allow": "POST"})

    async def _execute(self, request: Request) -> Response:
        media_type = answer_type(request.headers.get("accept"))
        if media_type is None:
            raise RequestError(
                406, "NOT_ACCEPTABLE", "The answer is application/graphql-response+json or JSON."
            )
        viewer = await viewer_of(request, self._tokens, self._services.budgets)
        bill = Bill(budgets=self._services.budgets, viewer=viewer)
        try:
            bill.check()
            asked = await self._asked(request)
            document = self._documents.text_of(asked)
        except RateLimitedError as error:
            await bill.refuse()
            result = ExecutionResult(data=None, errors=[error], extensions={"cost": bill.told(None)})
        except UnknownDocumentError as error:
            await bill.pay_for_reading()
            remark(request.scope, code=_code(error))
            result = ExecutionResult(data=None, errors=[error], extensions={"cost": bill.told(None)})
        except RequestError:
            await bill.pay_for_reading()
            raise
        else:
            result = await self._result(document, asked, bill, request)
        if any(_code(error) == ErrorCode.RATE_LIMITED for error in result.errors or ()):
            remark(request.scope, limited="graphql", code=ErrorCode.RATE_LIMITED.value)
        return execution_response(
            result.data,
            result.errors,
            media_type,
            result.extensions,
            most_bytes=self._services.settings.max_answer_bytes,
        )

    async def _asked(self, request: Request) -> GraphQLRequest:
        """Parse a request. Raises RequestError for a malformed one."""
        if request.headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
            raise RequestError(415, "UNSUPPORTED_MEDIA_TYPE", "The body must be sent uncompressed.")
        most_bytes = self._services.settings.max_body_bytes
        try:
            body = await limited_body(request, most_bytes)
        except BodyTooLargeError:
            message = f"The body is longer than {most_bytes} bytes."
            raise RequestError(413, "PAYLOAD_TOO_LARGE", message, {"connection": "close"}) from None
        asked = parse_request(request.headers.get("content-type"), body)
        remark(request.scope, operation=(asked.operation_name or "")[:100] or None)
        return asked

    async def _result(
        self, document: str, asked: GraphQLRequest, bill: Bill, request: Request
    ) -> ExecutionResult:
        chosen = language(request.headers.get("accept-language"))
        kind = self._schema.known_class(document, asked.operation_name)
        if kind is not None:
            remark(request.scope, **{"class": kind.value})
            self._gatekeeper.check(kind, chosen)
        attempt = self._gatekeeper.attempt(chosen)
        if not self._audit.admits(bill.viewer):
            raise unavailable(Unavailability.OUTAGE, attempt.language)
        context = self._context(bill, attempt)
        executing = self._schema.execute(
            document,
            variable_values=asked.variables,
            context_value=context,
            operation_name=asked.operation_name,
        )
        try:
            with collecting() as members:
                result = await attempt.run(executing, request.receive)
        except (RequestError, ClientDisconnect):
            remark(request.scope, **_work_facts(context))
            raise
        self._audit.note(
            bill.viewer, operation=_name_of(context.document, asked.operation_name), members=members
        )
        remark(request.scope, **_facts(context, result))
        return result

    def _context(self, bill: Bill, attempt: Attempt) -> Context:
        return Context(
            viewer=bill.viewer,
            pool=self._services.pool,
            journal=self._services.journal,
            handbooks=self._services.handbooks,
            edition_folders=edition_folders(self._services.settings),
            four_eyes_above=self._services.settings.four_eyes_above,
            clock=self._services.clock,
            language=attempt.language,
            admission=attempt.admitted,
            bill=bill,
        )


def _facts(context: Context, result: ExecutionResult) -> dict[str, object]:
    """The facts about an operation for the log and the metrics: class and cost if it ran, and its result."""
    facts: dict[str, object] = {"code": "OK", **_work_facts(context)}
    if context.refusals:
        facts |= {"code": "REFUSED", "refusals": [code.value for code in context.refusals]}
    if RefusalCode.RATE_LIMITED in context.refusals:
        facts["limited"] = "look-ups"
    if result.errors:
        facts["code"] = _code(result.errors[0])
    return facts


def _work_facts(context: Context) -> dict[str, object]:
    work = context.work
    return {"class": work.kind.value, "cost": work.cost} if work is not None else {}


def _code(error: GraphQLError) -> str:
    return str((error.extensions or {}).get("code"))


def _name_of(document: DocumentNode | None, asked: str | None) -> str | None:
    """The name of the operation that ran; None if it has none."""
    operation = get_operation_ast(document, asked) if document is not None else None
    return operation.name.value if operation is not None and operation.name is not None else None
