"""GraphQL over HTTP: from a request's bytes to an answer's bytes, by the specification, errors always as JSON.

A malformed request is answered with `{"errors": […]}` and a status that says whose fault it is. Only POST executes: a
query in a URL would put member numbers into the logs of proxies. Every error bears the id of its request
(`extensions.requestId`), by which the log is searched.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

import orjson
from graphql import GraphQLError
from starlette.responses import Response

from app.requests.access import identified
from app.requests.errors import SERVICE_UNAVAILABLE, RequestError, bad_request
from app.requests.negotiation import GRAPHQL_JSON, JSON, media_type_of
from ledger.refusals import RETRY_AFTER_S
from schema.errors import AnswerTooLargeError, ErrorCode
from schema.limits import LONGEST_NUMBER, MOST_JSON_VALUES

_BY_HASH = "sha256:"
_OK, _BAD_REQUEST = 200, 400
_STATUS = {"FORBIDDEN": 403, "INTERNAL": 500}
_RETRY_STATUS = {
    ErrorCode.UNAVAILABLE: SERVICE_UNAVAILABLE,
    ErrorCode.BUSY: SERVICE_UNAVAILABLE,
    ErrorCode.RATE_LIMITED: 429,
}
"""HTTP statuses of retryable errors, by code, for every media type: clients, proxies and monitors recognise them
without reading the body. BUSY and RATE_LIMITED only where no field has a value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphQLRequest:
    """One operation to execute: of the document `query`, or of the one that is known by its SHA-256."""

    query: str | None
    document_hash: str | None
    variables: dict[str, Any] | None
    operation_name: str | None


def parse_request(content_type: str | None, body: bytes) -> GraphQLRequest:
    """Read a POST's body. Raises RequestError."""
    if media_type_of(content_type) != JSON:
        raise RequestError(415, "UNSUPPORTED_MEDIA_TYPE", "The body must be application/json.")
    document = _json(body)
    if isinstance(document, list):
        raise bad_request("Send one operation at a time: batches are not accepted.")
    if not isinstance(document, dict):
        raise bad_request("The body must be a JSON object.")
    query, variables, name = (document.get(key) for key in ("query", "variables", "operationName"))
    document_hash = _document_hash(document)
    if not isinstance(query, str | None):
        raise bad_request("`query` must be a string.")
    if query is None and document_hash is None:
        raise bad_request("`query` must be given, or `documentId`.")
    if not isinstance(variables, dict | None):
        raise bad_request("`variables` must be an object.")
    if not isinstance(name, str | None):
        raise bad_request("`operationName` must be a string.")
    return GraphQLRequest(
        query=query, document_hash=document_hash, variables=variables, operation_name=name or None
    )


def _document_hash(document: Mapping[str, Any]) -> str | None:
    """The SHA-256 that a request names its document by; "" for an id of another kind, None without one.

    As in GraphQL over HTTP (`documentId`), or as Apollo's clients do (`extensions.persistedQuery`).
    """
    document_id, extensions = document.get("documentId"), document.get("extensions")
    if not isinstance(document_id, str | None):
        raise bad_request("`documentId` must be a string.")
    if not isinstance(extensions, dict | None):
        raise bad_request("`extensions` must be an object.")
    if document_id is not None:
        return document_id.removeprefix(_BY_HASH) if document_id.startswith(_BY_HASH) else ""
    persisted = (extensions or {}).get("persistedQuery")
    if persisted is None:
        return None
    digest = persisted.get("sha256Hash") if isinstance(persisted, dict) else None
    if not isinstance(digest, str):
        raise bad_request("`extensions.persistedQuery.sha256Hash` must be a string.")
    return digest


def execution_response(
    data: dict[str, Any] | None,
    errors: list[GraphQLError] | None,
    media_type: str,
    extensions: dict[str, Any] | None = None,
    *,
    most_bytes: int,
) -> Response:
    """The answer to an executed, or refused, operation; an error says so when it is longer than `most_bytes`."""
    payload: dict[str, Any] = {}
    if errors:
        payload["errors"] = [_shown(error) for error in errors]
    # `data` is there exactly if the operation began to run: an error before that is the client's.
    ran = data is not None or any(error.path for error in errors or ())
    if ran:
        payload["data"] = data
    if extensions:
        payload["extensions"] = extensions
    # Clients that accept plain JSON expect 200 for all results of GraphQL.
    status = _OK if ran or media_type != GRAPHQL_JSON else _status_of(errors)
    headers = {}
    nothing_to_keep = all(value is None for value in (data or {}).values())
    for code, retry_status in _RETRY_STATUS.items():
        wait_s = _wait_s(errors, code)
        if wait_s is not None:
            headers["retry-after"] = str(wait_s)
            status = retry_status if nothing_to_keep or code is ErrorCode.UNAVAILABLE else status
            break
    try:
        content = _written(payload, most_bytes)
    except AnswerTooLargeError as error:
        content = _dumped({"errors": [_shown(error)], "data": None})
    headers["cache-control"] = "no-store"
    return Response(content, status, headers, f"{media_type}; charset=utf-8")


def _shown(error: GraphQLError) -> dict[str, Any]:
    # A new dictionary: the error may sit in the cache of validated documents.
    return {**error.formatted, "extensions": identified(error.extensions or {})}


def _wait_s(errors: Sequence[GraphQLError] | None, code: ErrorCode) -> int | None:
    """The seconds after which to retry a request that failed with `code`; None: not at all."""
    told = [error.extensions or {} for error in errors or ()]
    waits = [int(each.get("retryAfter", RETRY_AFTER_S)) for each in told if each.get("code") == code]
    return max(waits, default=None)


def _status_of(errors: list[GraphQLError] | None) -> int:
    codes = [str((error.extensions or {}).get("code")) for error in errors or ()]
    return _STATUS.get(codes[0], _BAD_REQUEST) if codes else _BAD_REQUEST


def _written(payload: dict[str, Any], most_bytes: int) -> bytes:
    """The payload as JSON. Raises AnswerTooLargeError when that is too long."""
    written = _dumped(payload)
    if len(written) > most_bytes:
        raise AnswerTooLargeError(most_bytes)
    return written


def _dumped(value: Any) -> bytes:
    try:
        return orjson.dumps(value)
    except TypeError:  # a whole number of more than 64 bits, such as the cost of a document that is refused
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _json(body: bytes) -> Any:
    if sum(body.count(sign) for sign in b",[{") > MOST_JSON_VALUES:
        raise bad_request(f"The body holds more than {MOST_JSON_VALUES} values.")
    try:
        text = body.decode("utf-8")
        document = _READER.decode(text)
        if "\\ud" in text.lower():
            json.dumps(document, ensure_ascii=False).encode()  # a lone surrogate is no text
    except (ValueError, RecursionError):
        raise bad_request("The body is not valid JSON in UTF-8.") from None
    return document


def _no_number(name: str) -> NoReturn:
    raise ValueError(name)


def _whole(digits: str) -> int:
    return int(_short(digits))


def _number(digits: str) -> float:
    return float(_short(digits))


def _short(digits: str) -> str:
    """The digits. Raises RequestError for too many, before Python converts them."""
    if len(digits) > LONGEST_NUMBER:
        raise bad_request(f"A number has more than {LONGEST_NUMBER} characters.")
    return digits


_READER = json.JSONDecoder(parse_constant=_no_number, parse_int=_whole, parse_float=_number)
