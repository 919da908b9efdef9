"""Reading a request's body without trusting its length: too much is never kept."""

from starlette.requests import Request


class BodyTooLargeError(Exception):
    """The body is longer than allowed."""


# Most clients send all of a body before they read an answer. What is too long, but not absurdly so, is read to its end
# and thrown away, so that they get the answer and not a broken connection.
_MOST_THROWN_AWAY = 16


async def limited_body(request: Request, most_bytes: int) -> bytes:
    """Read the body, keeping at most `most_bytes` of it. Raises BodyTooLargeError if it is longer."""
    announced = request.headers.get("content-length", "")
    length = int(announced) if announced.isdecimal() else 0
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
