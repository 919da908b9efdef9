"""The way from what a month's statements state to what is payable."""

from decimal import Decimal

import strawberry

from ledger.reconciliation.bridge import Step
from schema.context import Info
from schema.types.enums import BridgeStepKind


@strawberry.type(description="A step from what is stated to what is payable.")
class BridgeStep:
    step: BridgeStepKind = strawberry.field(description="Which step.")
    lines: int = strawberry.field(
        description="How many lines, or deliveries without one, it concerns; of PAYABLE: how many are paid."
    )
    amount: Decimal = strawberry.field(
        description="What it adds, in CNY; below 0 it takes off. Of PAYABLE 0: all amounts add up to its running total."
    )
    running_total: Decimal = strawberry.field(description="What the steps so far add up to, in CNY.")
    view: strawberry.Private[Step]

    @strawberry.field(description="What it is called, in Chinese or, with `Accept-Language: en`, in English.")
    def label(self, info: Info) -> str:
        return self.view.label.spoken(info.context.language)

    @classmethod
    def of(cls, step: Step) -> "BridgeStep":
        """The step as the API shows it."""
        return cls(
            step=step.step, lines=step.lines, amount=step.amount, running_total=step.running_total, view=step
        )
