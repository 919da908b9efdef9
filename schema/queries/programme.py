"""The handbook, and the viewer."""

from datetime import date
from typing import Annotated

import strawberry

from handbook import benefits, values
from schema.context import Info
from schema.errors import UnauthenticatedError
from schema.types.benefit import Benefit
from schema.types.programme import Programme
from schema.types.redemption import Vendor
from schema.types.settings import HandbookSettings
from schema.types.viewer import Viewer


@strawberry.type
class ProgrammeQueries:
    """Questions that need no customer."""

    @strawberry.field(
        description="The edition of the handbook in force on a day (default: today); null if there is none.",
        graphql_type=Programme | None,
    )
    def programme(self, info: Info, on: date | None = None) -> values.Edition | None:
        return info.context.handbook.on(on or info.context.today)

    @strawberry.field(
        description="A benefit by the edition in force on a day (default: today); null for an unknown code.",
        graphql_type=Benefit | None,
    )
    def benefit(
        self,
        info: Info,
        code: Annotated[str, strawberry.argument(description="The code of the benefit.")],
        on: Annotated[date | None, strawberry.argument(description="The day; absent: today.")] = None,
    ) -> benefits.Benefit | None:
        edition = info.context.handbook.on(on or info.context.today)
        return edition.benefit(code) if edition is not None else None

    @strawberry.field(
        description="What the print leaves open, as the edition in force on a day (default: today) decides it; null if "
        "there is none.",
        graphql_type=HandbookSettings | None,
    )
    def settings(
        self,
        info: Info,
        on: Annotated[date | None, strawberry.argument(description="The day; absent: today.")] = None,
    ) -> values.Settings | None:
        edition = info.context.handbook.on(on or info.context.today)
        return edition.settings if edition is not None else None

    @strawberry.field(description="The viewer, from the token.")
    async def viewer(self, info: Info) -> Viewer:
        viewer = info.context.viewer
        if viewer is None:
            raise UnauthenticatedError
        vendor = None
        if viewer.vendor is not None:
            view = await info.context.loaders.vendor.load(viewer.vendor)
            vendor = Vendor.of(view) if view is not None else None
        return Viewer(role=viewer.role, vendor=vendor, member_no=viewer.member)
