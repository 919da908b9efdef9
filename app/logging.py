"""Logs: one JSON object a line on standard error, each with the id of its request.

No token and no personal data: requests are logged by method, path, operation name, role and outcome; of an exception
its type, its place and the first line of its message. The rest of the message may quote values (a failed constraint's
detail, a validator's input).
"""

import logging
import logging.config
import sys
import traceback
from types import TracebackType

import structlog
from structlog.typing import EventDict, ExcInfo, Processor, WrappedLogger

from app.log_writer import LogWriter

_LONGEST_WORDS = 300


def configure_logging(level: str = "info") -> None:
    """Send this process's logs, ours and the libraries', to standard error as JSON lines."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(allow=["error_id"]),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _describe_exception,
    ]
    structlog.configure(
        # What the level leaves out is dropped first: to make the line of a request takes as long as to send its answer.
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
    )
    handler = LogWriter(sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    for name in ("uvicorn", "uvicorn.error", "asyncio", "tortoise"):
        logger = logging.getLogger(name)
        logger.handlers = []
        logger.propagate = True
    # `app.requests.access` logs requests: without query parameters, and with the viewer.
    logging.getLogger("uvicorn.access").disabled = True
    # Logs several lines at each start and stop; ours has one.
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
    logging.getLogger("tortoise").setLevel(logging.WARNING)
    # Logs a traceback at every attempt while the database is away; we log one line.
    logging.getLogger("asyncpg.pool").setLevel(logging.ERROR)
    # Strawberry logs whole errors, with their data; `schema.errors` logs what is internal.
    logging.getLogger("strawberry.execution").setLevel(logging.CRITICAL)


def _describe_exception(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    given = event.pop("exc_info", None)
    error = _exception(given)
    if error is not None:
        event["exception"] = describe(error)
    return event


def _exception(given: "ExcInfo | BaseException | bool | None") -> BaseException | None:
    if isinstance(given, BaseException):
        return given
    if isinstance(given, tuple):
        return given[1]
    return sys.exc_info()[1] if given else None


def describe(error: BaseException) -> list[dict[str, object]]:
    """An exception and its causes, outermost first: type, first line of the message, and place."""
    described: list[dict[str, object]] = []
    current: BaseException | None = error
    while current is not None and len(described) < 10:  # noqa: PLR2004 - causes may form a ring
        words = str(current).splitlines()
        described.append(
            {
                "type": f"{type(current).__module__}.{type(current).__qualname__}",
                "words": words[0][:_LONGEST_WORDS] if words else "",
                "at": _places(current.__traceback__),
            }
        )
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)
    return described


def _places(trace: TracebackType | None) -> list[str]:
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(trace)[-20:]]
