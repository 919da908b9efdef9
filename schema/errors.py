"""Errors are for requests that are malformed, unauthenticated, forbidden, or fail in the service; refusals are data.

Every error in an answer has `extensions.code`. Internal errors are logged with an id, and the client gets only the id,
because messages may name tables, hosts or people.
"""

import logging
from collections.abc import Iterable
from enum import StrEnum
from uuid import uuid4

from graphql import GraphQLError

from base.outage_log import log_outage
from base.outages import is_outage
from ledger.refusals import RETRY_AFTER_S
from schema.viewer import Language

logger = logging.getLogger(__name__)


class ErrorCode(StrEnum):
    """What `extensions.code` may say."""

    UNAUTHENTICATED = "UNAUTHENTICATED"
    FORBIDDEN = "FORBIDDEN"
    BAD_USER_INPUT = "BAD_USER_INPUT"
    ANSWER_TOO_LARGE = "ANSWER_TOO_LARGE"
    BUSY = "BUSY"
    RATE_LIMITED = "RATE_LIMITED"
    UNAVAILABLE = "UNAVAILABLE"
    INTERNAL = "INTERNAL"


class UnauthenticatedError(GraphQLError):
    """A valid token is needed."""

    def __init__(self) -> None:
        super().__init__("A valid token is needed.", extensions={"code": ErrorCode.UNAUTHENTICATED.value})


class ForbiddenError(GraphQLError):
    """The viewer's role may not see or do this; the message says what."""

    def __init__(self, message: str) -> None:
        super().__init__(message, extensions={"code": ErrorCode.FORBIDDEN.value})


class BadInputError(GraphQLError):
    """The request is malformed; the message names the argument and what would be right."""

    def __init__(self, message: str) -> None:
        super().__init__(message, extensions={"code": ErrorCode.BAD_USER_INPUT.value})


class AnswerTooLargeError(GraphQLError):
    """The operation ran, and its answer is longer than an answer may be."""

    def __init__(self, most_bytes: int) -> None:
        super().__init__(
            f"The answer is longer than {most_bytes} bytes: ask for fewer rows (`first`) or fewer fields. "
            "What a mutation did is done.",
            extensions={"code": ErrorCode.ANSWER_TOO_LARGE.value},
        )


class BusyError(GraphQLError):
    """Another transaction locks what the request needs: retry after `retry_after_s` seconds."""

    def __init__(self, message: str, *, retry_after_s: int) -> None:
        super().__init__(message, extensions={"code": ErrorCode.BUSY.value, "retryAfter": retry_after_s})


class RateLimitedError(GraphQLError):
    """The caller has used up a budget: retry after `retry_after_s` seconds."""

    def __init__(self, message: str, *, retry_after_s: int) -> None:
        super().__init__(
            message, extensions={"code": ErrorCode.RATE_LIMITED.value, "retryAfter": retry_after_s}
        )
        self.retry_after_s = retry_after_s


class UnavailableError(GraphQLError):
    """The service cannot answer now, through no fault of the request: retry after `retry_after_s` seconds."""

    def __init__(self, message: str, *, retry_after_s: int) -> None:
        super().__init__(
            message, extensions={"code": ErrorCode.UNAVAILABLE.value, "retryAfter": retry_after_s}
        )


class Unavailability(StrEnum):
    """Why the service cannot answer now."""

    OUTAGE = "outage"  # an outage of the database or of its machine
    FULL = "full"  # no place for this class of work
    LATE = "late"  # past the deadline


class WrongValueError(ValueError):
    """A scalar that a client sent is not of its form; the text says what would be right."""


# Errors quote the value sent, shortened to this length.
_LONGEST_MESSAGE = 600

_INTERNAL = {
    "zh": "服务内部出错，请稍后再试；如仍不成功，请告知编号 {id}。",
    "en": "Something went wrong on our side. Please try again; if it persists, tell us the id {id}.",
}

_AGAIN = {
    "zh": "请稍后原样重发；命令须使用同一个 idempotencyKey。",
    "en": "Send the same again later; a command with the same idempotencyKey.",
}
_UNAVAILABLE = {
    Unavailability.OUTAGE: {"zh": "服务暂时不可用。", "en": "The service is not available at the moment. "},
    Unavailability.FULL: {
        "zh": "服务繁忙，本次请求未执行。",
        "en": "The service is busy; nothing was done. ",
    },
    Unavailability.LATE: {
        "zh": "请求未能在时限内完成。",
        "en": "The request was not done by its deadline. ",
    },
}


def unavailable_words(why: Unavailability, language: Language) -> str:
    """The message for a client: why, and that it may retry."""
    return _UNAVAILABLE[why][language] + _AGAIN[language]


def presentable(errors: Iterable[GraphQLError], language: Language) -> list[GraphQLError]:
    """The errors as clients may read them: each with a code, internal ones masked and logged."""
    return [_presentable(error, language) for error in errors]


def _presentable(error: GraphQLError, language: Language) -> GraphQLError:
    if error.extensions and "code" in error.extensions:
        return error
    cause = _cause(error)
    if cause is None:
        return _coded(error, error.message, ErrorCode.BAD_USER_INPUT)
    if isinstance(cause, RecursionError):
        return _coded(error, "The document or its variables are nested too deeply.", ErrorCode.BAD_USER_INPUT)
    if is_outage(cause):
        log_outage(cause)
        words = unavailable_words(Unavailability.OUTAGE, language)
        return _coded(error, words, ErrorCode.UNAVAILABLE, retryAfter=RETRY_AFTER_S)
    return _masked(error, cause, language)


def _cause(error: GraphQLError) -> Exception | None:
    """Our own exception that an error wraps; None for an error of the request."""
    cause: Exception | None = error
    while isinstance(cause, GraphQLError):
        cause = cause.original_error
    return None if isinstance(cause, WrongValueError) else cause


def _masked(error: GraphQLError, cause: Exception, language: Language) -> GraphQLError:
    error_id = uuid4().hex
    logger.error(
        "internal error %s at %s",
        error_id,
        ".".join(map(str, error.path or ())) or "the request",
        exc_info=cause,
        extra={"error_id": error_id},
    )
    return _coded(error, _INTERNAL[language].format(id=error_id), ErrorCode.INTERNAL, id=error_id)


def _coded(error: GraphQLError, message: str, code: ErrorCode, **facts: str | int) -> GraphQLError:
    # A new error: the one at hand may sit in the cache of validated documents.
    return GraphQLError(
        message if len(message) <= _LONGEST_MESSAGE else message[:_LONGEST_MESSAGE] + " …",
        nodes=error.nodes,
        source=error.source,
        positions=error.positions,
        path=error.path,
        extensions={**(error.extensions or {}), "code": code.value, **facts},
    )
