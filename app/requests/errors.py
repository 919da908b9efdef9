"""Error responses, in the same form for all routes.

The body is `{"errors": [{"message": …, "extensions": {"code": …, "requestId": …}}]}`, as for GraphQL.
"""

from typing import Any

from starlette.responses import JSONResponse, Response

from app.requests.access import identified
from app.requests.negotiation import JSON
from ledger.refusals import RETRY_AFTER_S
from schema.context import Language
from schema.errors import ErrorCode, Unavailability, unavailable_words

SERVICE_UNAVAILABLE = 503


class RequestError(Exception):
    """A request that is answered with an error; `status`, `code`, `headers` and the text go to the client."""

    def __init__(self, status: int, code: str, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.headers = headers or {}

    def response(self) -> Response:
        """The error as an answer."""
        extensions: dict[str, Any] = {"code": self.code}
        if "retry-after" in self.headers:
            extensions["retryAfter"] = int(self.headers["retry-after"])
        error = {"message": str(self), "extensions": identified(extensions)}
        headers = {"cache-control": "no-store", **self.headers}
        return JSONResponse({"errors": [error]}, self.status, headers, f"{JSON}; charset=utf-8")


def bad_request(message: str) -> RequestError:
    """A request that is malformed; the message says what would be right."""
    return RequestError(400, "BAD_REQUEST", message)


def try_again(status: int, code: str, message: str, retry_after_s: int) -> RequestError:
    """A request that may be retried unchanged after so many seconds."""
    return RequestError(status, code, message, {"retry-after": str(retry_after_s)})


def unavailable(
    why: Unavailability, language: Language, *, retry_after_s: int = RETRY_AFTER_S
) -> RequestError:
    """A request that the service cannot answer now: no capacity, no time, or no database."""
    words = unavailable_words(why, language)
    return try_again(SERVICE_UNAVAILABLE, ErrorCode.UNAVAILABLE.value, words, retry_after_s)
