"""Who sends a request: the one reading of its token, for every address that needs one.

Without a valid token the answer is UNAUTHENTICATED, and why stays in the log: the client may be anybody.
"""

from starlette.requests import Request

from app.access import remark
from app.graphql_http import RequestError
from app.tokens import TokenError, Tokens
from schema.context import Viewer


async def viewer_of(request: Request, tokens: Tokens) -> Viewer:
    """The holder of the request's bearer token. Raises RequestError (401) without a valid one."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    reason = "no bearer token"
    if scheme.lower() == "bearer" and token.strip():
        try:
            viewer = await tokens.viewer(token.strip())
        except TokenError as error:
            reason = str(error)
        else:
            remark(
                request.scope,
                role=viewer.role.value,
                vendor=viewer.vendor,
                token_id=viewer.token_id,
            )
            return viewer
    remark(request.scope, unauthenticated=reason)
    challenge = {"www-authenticate": 'Bearer realm="entitlements"'}
    raise RequestError(401, "UNAUTHENTICATED", "A valid token is needed.", challenge)
