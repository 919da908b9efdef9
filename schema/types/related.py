"""What else there is of a finding's member, benefit and day. From `ledger.reconciliation.related`."""

import strawberry

from base.months import month_text
from ledger.reconciliation.grounds import Related
from ledger.reconciliation.phrases import related_words
from schema.context import Info
from schema.types.redemption import Redemption, Vendor
from schema.types.statement import StatementLine


@strawberry.type(
    description="What else there is of the same member, benefit and day as a finding: so that nothing is paid twice "
    "unseen."
)
class RelatedItem:
    period: str = strawberry.field(
        description="The month, like 2026-10, of the line's statement, or of the delivery."
    )
    item: strawberry.Private[Related]

    @strawberry.field(
        description="What it is: delivered by another vendor, paid by exception, or matched by hand. In Chinese or, "
        "with `Accept-Language: en`, in English."
    )
    def reason(self, info: Info) -> str:
        return related_words(self.item).spoken(info.context.language)

    @strawberry.field(description="The vendor whose delivery or line it is.")
    def vendor(self) -> Vendor:
        return Vendor(code=self.item.vendor, name=self.item.vendor_name)

    @strawberry.field(description="The delivery; null: a line without one.")
    async def redemption(self, info: Info) -> Redemption | None:
        if self.item.redemption is None:
            return None
        found = await info.context.loaders.redemption.load(self.item.redemption)
        return Redemption.of(found) if found is not None else None

    @strawberry.field(description="The line; null: a delivery that no line was matched with by hand.")
    async def line(self, info: Info) -> StatementLine | None:
        line = self.item.line
        if line is None or line.key is None:
            return None
        found = await info.context.loaders.statement_line.load((line.key, line.line_no))
        return StatementLine.of(found) if found is not None else None

    @classmethod
    def of(cls, item: Related) -> "RelatedItem":
        """The item as the API shows it."""
        return cls(period=month_text(item.month), item=item)
