"""Customers: one by number, or pages of them."""

import strawberry

from rating.customers import customers_page
from schema.connections import (
    LARGEST_PAGE,
    Connection,
    Page,
    checked_first,
    connection,
    member_cursor,
    read_member_cursor,
)
from schema.context import Info
from schema.filters import CustomerWhere, stars, texts
from schema.loaders.page import read_customer, read_page
from schema.look_ups import look_up
from schema.permissions import check_customer, check_unbound
from schema.types.customer import Customer


@strawberry.type
class CustomerQueries:
    """Questions about customers."""

    @strawberry.field(
        description="The customer with exactly this member number; null if there is none. For a vendor it takes "
        "from its budget of look-ups."
    )
    async def customer(self, info: Info, member_no: str) -> Customer | None:
        context = info.context
        check_customer(context.viewer, member_no)
        asked = await look_up(context, [member_no])
        asked.check()
        found = await read_customer(context.pool, member_no, info, context.now)
        await asked.pay(context, unknown=[member_no] if found is None else [])
        return Customer.of(found[0], context.viewer, found[1]) if found is not None else None

    @strawberry.field(description=f"Customers by member number, `first` from 1 to {LARGEST_PAGE}.")
    async def customers(
        self, info: Info, first: int, after: str | None = None, where: CustomerWhere | None = None
    ) -> Connection[Customer]:
        context = info.context
        check_unbound(context.viewer)
        rows = await customers_page(
            context.pool,
            first=checked_first(first),
            after=read_member_cursor(after),
            stars=stars(where.star, context.handbook) if where is not None else None,
            member_nos=texts("memberNo", where.member_no) if where is not None else None,
            on=context.today,
        )
        page = Page.of(rows, first)
        before = await read_page(context.pool, [row.id for row in page.rows], info, context.now)
        return connection(
            page,
            cursor=lambda row: member_cursor(row.member_no),
            node=lambda row: Customer.of(row, context.viewer, before),
            after=after,
        )
