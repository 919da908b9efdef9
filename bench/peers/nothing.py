"""A peer that does nothing: a Strawberry mutation with the types of `redeem`, which answers with a constant.

With Strawberry's caches of parsed and validated documents. It shows what Strawberry itself takes of each request: a
service on Strawberry that does something can be no faster without going past its execution.
"""

from typing import Annotated

import strawberry
from strawberry.asgi import GraphQL
from strawberry.extensions import ParserCache, ValidationCache

_DAY = "2026-11-02T09:00:00+08:00"


@strawberry.type
class Benefit:
    """A benefit."""

    code: str


@strawberry.type
class Beneficiary:
    """Who was served."""

    name: str
    relation: str


@strawberry.type
class QuotaCounts:
    """What is left."""

    granted: int | None
    used: int
    held: int
    remaining: int | None


@strawberry.type
class Redemption:
    """The answer."""

    id: strawberry.ID
    status: str
    units: int
    replayed: bool
    benefit: Benefit
    beneficiary: Beneficiary | None
    option: str | None
    reference: str | None
    occurred_at: str
    recorded_at: str
    expires_at: str | None
    quota: QuotaCounts | None


@strawberry.type
class Refusal:
    """The other answer."""

    code: str
    message: str
    available_from: str | None
    required_star: int | None
    missing: list[str] | None
    differing: list[str] | None


RedemptionOutcome = Annotated[Redemption | Refusal, strawberry.union("RedemptionOutcome")]


@strawberry.input
class RedeemInput:
    """What is asked."""

    member_no: str
    benefit: str
    idempotency_key: str


_ANSWER = Redemption(
    id=strawberry.ID("UmVkZW1wdGlvbjoxOjE"),
    status="REDEEMED",
    units=1,
    replayed=False,
    benefit=Benefit(code="family-doctor-video"),
    beneficiary=None,
    option=None,
    reference=None,
    occurred_at=_DAY,
    recorded_at=_DAY,
    expires_at=None,
    quota=QuotaCounts(granted=None, used=1, held=0, remaining=None),
)


@strawberry.type
class Query:
    """GraphQL wants one."""

    nothing: bool = True


@strawberry.type
class Mutation:
    """The mutation."""

    @strawberry.mutation
    async def redeem(self, input: RedeemInput) -> RedemptionOutcome:  # noqa: A002, ARG002
        """Do nothing."""
        return _ANSWER


app: GraphQL[None, None] = GraphQL(
    strawberry.Schema(query=Query, mutation=Mutation, extensions=[ParserCache, ValidationCache]),
    graphql_ide=None,
)
