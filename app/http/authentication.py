"""Authentication of requests by their bearer token, in one place for every address that needs one.

Without a valid token the answer is UNAUTHENTICATED (401); the reason is logged and not answered. An address that sends
many such requests is answered 429 and its connection is closed. Requests with a valid token are served all the same:
they may come through the same proxy.
"""

from starlette.requests import Request

from app.budgets import FILE_COST, CallerBudgets
from app.identity.tokens import TokenError, Tokens
from app.requests.access import remark
from app.requests.errors import RequestError
from schema.context import Viewer
from schema.errors import ErrorCode, RateLimitedError


async def viewer_of(request: Request, tokens: Tokens, budgets: CallerBudgets) -> Viewer:
    """The viewer of the request's bearer token. Raises RequestError (401, or 429) without a valid one."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    reason = "no bearer token"
    if scheme.lower() == "bearer" and token.strip():
        try:
            viewer = await tokens.viewer(token.strip())
        except TokenError as error:
            reason = str(error)
        else:
            # The subject of a token for one member may be that member's number.
            remark(
                request.scope,
                role=viewer.role.value,
                vendor=viewer.vendor,
                subject=viewer.subject if viewer.member is None else None,
                token_id=viewer.token_id,
            )
            return viewer
    remark(request.scope, unauthenticated=reason)
    wait_s = await budgets.wrong_token(request.client.host if request.client is not None else "")
    if wait_s:
        remark(request.scope, limited="tokens")
        raise rate_limited(
            f"Too many requests without a valid token: try again in {wait_s} s.", wait_s, close=True
        )
    challenge = {"www-authenticate": 'Bearer realm="entitlements"'}
    raise RequestError(401, "UNAUTHENTICATED", "A valid token is needed.", challenge)


async def pay_for_file(request: Request, viewer: Viewer, budgets: CallerBudgets) -> None:
    """Charge for an export or an upload. Raises RequestError (429) when the caller has too little left."""
    try:
        await budgets.take(viewer, FILE_COST)
    except RateLimitedError as error:
        remark(request.scope, limited="files")
        raise rate_limited(error.message, error.retry_after_s) from None


def rate_limited(message: str, wait_s: int, *, close: bool = False) -> RequestError:
    """The answer when a budget is used up: 429 with `Retry-After`; with `close` the connection is closed."""
    headers = {"retry-after": str(wait_s)} | ({"connection": "close"} if close else {})
    return RequestError(429, ErrorCode.RATE_LIMITED.value, message, headers)
