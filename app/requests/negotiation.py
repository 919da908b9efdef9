"""Content negotiation: the media type of the answer and the language of its messages."""

from collections.abc import Iterator

from schema.context import Language

GRAPHQL_JSON = "application/graphql-response+json"
JSON = "application/json"
_MOST_PREFERENCES = 50


def answer_type(accept: str | None) -> str | None:
    """The media type to answer with, JSON by default; None when neither of ours is accepted."""
    if not accept:
        return JSON
    wanted = {name: quality for name, quality in _preferences(accept) if quality > 0}
    ours = [name for name in (GRAPHQL_JSON, JSON) if name in wanted]
    if ours:
        return max(ours, key=lambda name: wanted[name])
    return JSON if "*/*" in wanted or "application/*" in wanted else None


def media_type_of(content_type: str | None) -> str:
    """The media type from the header of a body, without its parameters."""
    return (content_type or "").partition(";")[0].strip().lower()


def wants_html(accept: str | None) -> bool:
    """Whether the client is a browser that wants a page."""
    return any(name == "text/html" and quality > 0 for name, quality in _preferences(accept or ""))


def language(accept_language: str | None) -> Language:
    """`zh` or `en`, as preferred; Chinese by default."""
    quality_of = {"zh": 0.0, "en": 0.0}
    for name, quality in _preferences(accept_language or ""):
        primary = name.split("-")[0]
        if primary in quality_of:
            quality_of[primary] = max(quality, quality_of[primary])
    return "en" if quality_of["en"] > quality_of["zh"] else "zh"


def _preferences(header: str) -> Iterator[tuple[str, float]]:
    for part in header.split(",")[:_MOST_PREFERENCES]:
        name, *parameters = (piece.strip().lower() for piece in part.split(";"))
        quality = next((parameter[2:] for parameter in parameters if parameter.startswith("q=")), "1")
        try:
            yield name, float(quality)
        except ValueError:
            continue
