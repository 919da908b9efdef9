"""Reading a request's body without trusting its length: too much is refused while it arrives, not after."""

from starlette.requests import Request


class BodyTooLargeError(Exception):
    """The body is longer than allowed."""


async def limited_body(request: Request, most_bytes: int) -> bytes:
    """Read the body, at most `most_bytes` of it. Raises BodyTooLargeError as soon as it is clear."""
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > most_bytes:
        raise BodyTooLargeError
    chunks: list[bytes] = []
    length = 0
    async for chunk in request.stream():
        length += len(chunk)
        if length > most_bytes:
            raise BodyTooLargeError
        chunks.append(chunk)
    return b"".join(chunks)
