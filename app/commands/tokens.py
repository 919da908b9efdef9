"""`token`: print a signed token; `revoke`: take tokens back before their end."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from app.commands.running import DataOption, fail, with_services
from app.services import Services
from schema.viewer import Role

_DEFAULT_HOURS = 12
_LONGEST_TEXT = 200


def token(
    role: Annotated[Role, typer.Option("--role", help="What its holder may do")],
    vendor: Annotated[str | None, typer.Option("--vendor", help="Code of the vendor (role vendor)")] = None,
    member: Annotated[
        str | None, typer.Option("--member", help="Bind a frontend to one member number")
    ] = None,
    subject: Annotated[
        str | None,
        typer.Option(
            "--subject",
            help="Who holds it, for the ledger and the log [default: the vendor, the member or the role]",
            show_default=False,
        ),
    ] = None,
    hours: Annotated[
        int | None,
        typer.Option(
            "--hours",
            min=1,
            help=f"How long it is valid [default: {_DEFAULT_HOURS}; at most ENTITLEMENTS_TOKEN_MAX_HOURS]",
            show_default=False,
        ),
    ] = None,
    data: DataOption = None,
) -> None:
    """Print a signed token."""
    from app.identity.keys import key_ring
    from app.identity.tokens import CannotIssueError, TokenError, tokens_of
    from app.settings import load_settings

    if (role is Role.VENDOR) != (vendor is not None):
        raise typer.BadParameter("--vendor CODE belongs to --role vendor, and to no other role")
    if member is not None and role is not Role.FRONTEND:
        raise typer.BadParameter("--member NO belongs to --role frontend only")
    settings = load_settings(data=data)
    most = settings.token_max_hours
    if hours is not None and hours > most:
        raise typer.BadParameter(
            f"at most {most} (ENTITLEMENTS_TOKEN_MAX_HOURS): a longer one would not be accepted",
            param_hint="--hours",
        )
    try:
        signed = tokens_of(settings, key_ring(settings)).issue(
            role,
            vendor=vendor,
            member=member,
            subject=subject,
            hours=hours or min(_DEFAULT_HOURS, most),
        )
    except (CannotIssueError, TokenError) as error:
        fail([str(error)])
    typer.echo(signed)


def revoke(
    jti: Annotated[
        str | None, typer.Option("--jti", help="Id of one token: its claim jti, `token_id` in the log")
    ] = None,
    subject: Annotated[
        str | None, typer.Option("--subject", help="All tokens with this claim sub, issued until now")
    ] = None,
    reason: Annotated[str, typer.Option("--reason", help="Why; kept with the revocation")] = "",
    data: DataOption = None,
) -> None:
    """Revoke tokens before they expire; every worker refuses them within about a second."""
    if (jti is None) == (subject is None):
        raise typer.BadParameter("name either --jti ID or --subject NAME")
    for name, text in (("--jti", jti), ("--subject", subject)):
        if text is not None and (not 0 < len(text) <= _LONGEST_TEXT or text != text.strip()):
            raise typer.BadParameter(
                f"expected 1 to {_LONGEST_TEXT} characters without blanks around them", param_hint=name
            )

    async def post(services: Services) -> datetime:
        from app.identity.revocations import revoke as take_back
        from app.identity.tokens import LEEWAY

        return await take_back(
            services.pool,
            token_id=jti,
            subject=subject,
            issued_before=datetime.now(UTC),
            # The issuer's clock may be ahead of ours, and that of a verifying worker behind.
            lifetime=timedelta(hours=services.settings.token_max_hours) + 2 * LEEWAY,
            reason=reason,
        )

    ends_at = with_services(data, post, existing=True)
    what = f"token {jti}" if jti is not None else f"tokens of {subject} issued until now"
    typer.echo(f"revoked: {what}; the last would have expired by {ends_at:%Y-%m-%d %H:%M} UTC")
