"""Reading a request's body within a limit, without trusting its announced length."""

from starlette.requests import ClientDisconnect, Request

from app.requests.errors import RequestError


class BodyTooLargeError(Exception):
    """The body is longer than allowed."""


# Most clients send the whole body before they read an answer. A body that is moderately too long is read to its end and
# discarded, so that they get the answer and not a broken connection.
_MOST_THROWN_AWAY = 16


# A longer length is cut to these digits, and is still too long; Python refuses numbers of thousands of digits.
_MOST_DIGITS = 18


def announced_length(request: Request) -> int:
    """The length of the body as announced by the client; 0 without one."""
    told = request.headers.get("content-length", "")
    return int(told[:_MOST_DIGITS]) if told.isdecimal() else 0


async def limited_body(request: Request, most_bytes: int) -> bytes:
    """Read the body, keeping at most `most_bytes` of it.

    Raises BodyTooLargeError if it is longer, RequestError if the client leaves, or is cut, before its end.
    """
    try:
        return await _body(request, most_bytes)
    except ClientDisconnect:
        raise RequestError(400, "BAD_REQUEST", "The client left.") from None


async def _body(request: Request, most_bytes: int) -> bytes:
    length = announced_length(request)
    waits = request.headers.get("expect", "").lower() == "100-continue"
    if length > most_bytes * (1 if waits else _MOST_THROWN_AWAY):
        raise BodyTooLargeError
    chunks: list[bytes] = []
    length = 0
    async for chunk in request.stream():
        length += len(chunk)
        if length > most_bytes * _MOST_THROWN_AWAY:
            break
        if length <= most_bytes:
            chunks.append(chunk)
        else:
            chunks.clear()
    if length > most_bytes:
        raise BodyTooLargeError
    return b"".join(chunks)
