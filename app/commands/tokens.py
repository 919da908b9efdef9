"""`token`: print a signed token."""

from typing import Annotated

import typer

from app.commands.running import DataOption, fail

_LONGEST_HOURS = 24 * 366


def token(
    role: Annotated[str, typer.Option("--role", help="frontend, vendor, finance, operations or auditor")],
    vendor: Annotated[str | None, typer.Option("--vendor", help="Code of the vendor (role vendor)")] = None,
    member: Annotated[
        str | None, typer.Option("--member", help="Bind a frontend to one member number")
    ] = None,
    hours: Annotated[
        int, typer.Option("--hours", min=1, max=_LONGEST_HOURS, help="How long it is valid")
    ] = 12,
    data: DataOption = None,
) -> None:
    """Print a signed token."""
    from app.keys import key_ring
    from app.settings import load_settings
    from app.tokens import CannotIssueError, TokenError, tokens_of
    from schema.context import Role

    try:
        chosen = Role(role)
    except ValueError:
        raise typer.BadParameter(f"must be one of {', '.join(Role)}", param_hint="--role") from None
    if (chosen is Role.VENDOR) != (vendor is not None):
        raise typer.BadParameter("--vendor CODE belongs to --role vendor, and to no other role")
    if member is not None and chosen is not Role.FRONTEND:
        raise typer.BadParameter("--member NO belongs to --role frontend only")
    settings = load_settings(data=data)
    try:
        signed = tokens_of(settings, key_ring(settings)).issue(
            chosen, vendor=vendor, member=member, hours=hours
        )
    except (CannotIssueError, TokenError) as error:
        fail([str(error)])
    typer.echo(signed)
