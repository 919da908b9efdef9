"""The parameters of a file: in the URL of a GET, or in a form sent by POST.

URLs are logged by proxies and must not contain member numbers: a filter by members is sent as a form.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from urllib.parse import parse_qsl

from starlette.requests import Request

from app.http.limits import BodyTooLargeError, limited_body
from app.requests.errors import RequestError, bad_request
from app.requests.negotiation import media_type_of
from base.months import MONTH_EXPECTED, parse_month
from schema.errors import WrongValueError
from schema.scalars import parse_day

_MOST_VALUES = 1000
_FORM = "application/x-www-form-urlencoded"


async def parameters(request: Request, known: Iterable[str]) -> Mapping[str, list[str]]:
    """The parameters of the address and of a form, by name. Raises RequestError for one that is not known."""
    if request.method not in {"GET", "POST"}:
        raise RequestError(
            405, "METHOD_NOT_ALLOWED", "Files are asked for by GET or POST.", {"allow": "GET, POST"}
        )
    pairs = request.query_params.multi_items()
    if any(name == "member" for name, _ in pairs):
        raise bad_request("Addresses are logged on their way: send `member` by POST, as a form.")
    if request.method == "POST":
        pairs += await _form(request)
    if len(pairs) > _MOST_VALUES:
        raise bad_request(f"At most {_MOST_VALUES} values at once.")
    asked: dict[str, list[str]] = {}
    for name, value in pairs:
        if name not in known:
            raise bad_request(f"There is no parameter {name[:50]!r}; there are: {', '.join(known)}.")
        asked.setdefault(name, []).append(value)
    return asked


async def _form(request: Request) -> list[tuple[str, str]]:
    if media_type_of(request.headers.get("content-type")) != _FORM:
        raise RequestError(415, "UNSUPPORTED_MEDIA_TYPE", f"The body must be {_FORM}.")
    try:
        body = await limited_body(request, _MOST_VALUES * 200)
    except BodyTooLargeError:
        raise RequestError(
            413, "PAYLOAD_TOO_LARGE", "The form is too long.", {"connection": "close"}
        ) from None
    try:
        return parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="strict")
    except ValueError:
        raise bad_request("The body is no form in UTF-8.") from None


def month_of(asked: Mapping[str, list[str]]) -> date:
    """The month that `period` names, by its first day. Raises RequestError without one."""
    month = parse_month(at_most_one(asked, "period") or "")
    if month is None:
        raise bad_request(f"`period`: {MONTH_EXPECTED.en}.")
    return month


def at_most_one(asked: Mapping[str, list[str]], name: str) -> str | None:
    """The value of a parameter that is given once or not at all (None). Raises RequestError for more."""
    given = asked.get(name)
    if given is None:
        return None
    if len(given) > 1 or not given[0].isprintable():
        raise bad_request(f"`{name}` must be one text.")
    return given[0]


def values_of(asked: Mapping[str, list[str]], name: str) -> frozenset[str] | None:
    """The values of a parameter; None: it is not given."""
    return frozenset(asked[name]) if name in asked else None


def one_of(asked: Mapping[str, list[str]], name: str, allowed: list[str]) -> str:
    """The one value of a parameter, by default the first that is allowed. Raises RequestError for another."""
    given = asked.get(name, allowed[:1])
    if len(given) > 1 or given[0] not in allowed:
        raise bad_request(f"`{name}` must be one of: {', '.join(allowed)}.")
    return given[0]


def day_of(asked: Mapping[str, list[str]], name: str) -> date | None:
    """The day in a parameter; None: it is not given. Raises RequestError for anything else."""
    given = asked.get(name)
    if given is None:
        return None
    try:
        (text,) = given
        return parse_day(text)
    except WrongValueError as error:
        raise bad_request(f"`{name}`: {error}.") from None
    except ValueError:
        raise bad_request(f"`{name}` must be one day.") from None
