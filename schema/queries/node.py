"""`node`: any object with an id, for viewers who may see it."""

import strawberry

from ledger.ids import RedemptionId, parse_numbers
from ledger.reconciliation.reading import finding
from ledger.reconciliation.values import FindingId, StatementId, parse_finding_id
from ledger.reports.pages import entry, redemption
from rating.customers import customers_by_id
from schema.context import Context, Info, Role
from schema.errors import BadInputError, ForbiddenError
from schema.permissions import check_customer, check_own
from schema.queries.statements import statement_with
from schema.types.customer import Customer
from schema.types.entry import Entry
from schema.types.finding import Finding
from schema.types.node import Node
from schema.types.redemption import Redemption


@strawberry.type
class NodeQueries:
    """The question by id."""

    @strawberry.field(description="The object with this id; null if it no longer exists.")
    async def node(self, info: Info, id: strawberry.ID) -> Node | None:
        context = info.context
        customer = parse_numbers(id, "Customer", 1)
        if customer is not None:
            return await _customer(context, customer[0])
        redemption_id = RedemptionId.parse(id)
        if redemption_id is not None:
            return await _redemption(context, redemption_id)
        line = parse_numbers(id, "Entry", 2)
        if line is not None:
            return await _entry(context, *line)
        statement = StatementId.parse(id)
        if statement is not None:
            return await statement_with(context, statement)
        finding_id = parse_finding_id(id)
        if finding_id is not None:
            return await _finding(context, finding_id)
        raise BadInputError("id: this is no id of this service.")


async def _customer(context: Context, customer_id: int) -> Customer | None:
    if _is(context, Role.VENDOR):
        raise ForbiddenError("A vendor looks customers up by member number.")
    row = (await customers_by_id(context.pool, [customer_id])).get(customer_id)
    _check_member(context, row.member_no if row is not None else None)
    return Customer.of(row, context.viewer) if row is not None else None


async def _redemption(context: Context, redemption_id: RedemptionId) -> Redemption | None:
    row = await redemption(context.pool, redemption_id, now=context.now)
    _check_member(context, row.member_no if row is not None else None)
    # Another's and unknown look the same: ids reveal nothing to a vendor.
    if _is(context, Role.VENDOR) and (
        row is None or context.viewer is None or row.vendor != context.viewer.vendor
    ):
        raise ForbiddenError("A vendor may see its own redemptions only.")
    return Redemption.of(row) if row is not None else None


async def _entry(context: Context, customer_id: int, sequence: int) -> Entry | None:
    if _is(context, Role.VENDOR):
        raise ForbiddenError("A vendor may not read the ledger.")
    row = await entry(context.pool, customer_id, sequence, now=context.now)
    _check_member(context, row.member_no if row is not None else None)
    return Entry.of(row) if row is not None else None


async def _finding(context: Context, which: FindingId) -> Finding | None:
    view = await finding(context.pool, which, now=context.now)
    check_own(context.viewer, view.vendor if view is not None else None, "findings")
    return Finding.of(view) if view is not None else None


def _is(context: Context, role: Role) -> bool:
    return context.viewer is not None and context.viewer.role is role


def _check_member(context: Context, member_no: str | None) -> None:
    """FORBIDDEN for a bound frontend unless the object is its member's; so also for unknown ids."""
    check_customer(context.viewer, member_no or "")
