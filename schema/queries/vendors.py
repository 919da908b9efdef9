"""Vendors: one by code, or pages of them."""

import strawberry

from ledger.ids import opaque_id, parse_opaque
from ledger.vendors.registry import vendors_page
from schema.connections import LARGEST_PAGE, Connection, Page, bad_cursor, checked_first, connection
from schema.context import Info
from schema.permissions import check_own_vendor
from schema.types.redemption import Vendor

_CURSOR = "VendorCursor"


@strawberry.type
class VendorQueries:
    """Questions about vendors."""

    @strawberry.field(
        description="The vendor with this code; null if there is none. Vendors may ask for themselves."
    )
    async def vendor(self, info: Info, code: str) -> Vendor | None:
        check_own_vendor(info.context.viewer, code)
        view = await info.context.loaders.vendor.load(code)
        return Vendor.of(view) if view is not None else None

    @strawberry.field(description=f"Vendors by code, `first` from 1 to {LARGEST_PAGE}.")
    async def vendors(self, info: Info, first: int, after: str | None = None) -> Connection[Vendor]:
        checked_first(first)
        views = await vendors_page(info.context.pool, first=first + 1, after=_read_cursor(after))
        return connection(
            Page.of(views, first),
            cursor=lambda view: opaque_id(_CURSOR, view.code),
            node=Vendor.of,
            after=after,
        )


def _read_cursor(after: str | None) -> str | None:
    if after is None:
        return None
    parsed = parse_opaque(after)
    if parsed is None or parsed[0] != _CURSOR:
        raise bad_cursor()
    return ":".join(parsed[1])
