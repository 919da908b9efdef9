"""Reading a request's body without trusting its length: too much is never kept."""

from starlette.requests import ClientDisconnect, Request

from app.requests.errors import RequestError


class BodyTooLargeError(Exception):
    """The body is longer than allowed."""


# Most clients send all of a body before they read an answer. What is too long, but not absurdly so, is read to its end
# and thrown away, so that they get the answer and not a broken connection.
_MOST_THROWN_AWAY = 16


# A length of more digits is cut to these, and still longer than anything; Python reads no number of thousands.
_MOST_DIGITS = 18


def announced_length(request: Request) -> int:
    """How many bytes the client says that the body has; 0 if it does not say."""
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
