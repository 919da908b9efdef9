"""A peer as most people would write it: Strawberry types over Tortoise models, a DataLoader for each relation."""

import os
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import strawberry
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.dataloader import DataLoader
from tortoise import Tortoise

from bench.peers import plain_models as models


async def _tiers(keys: list[int]) -> list[models.Tier]:
    rows = {row.member_id: row for row in await models.Tier.filter(member_id__in=keys)}
    return [rows[key] for key in keys]


async def _quotas(keys: list[int]) -> list[list[models.Quota]]:
    rows: dict[int, list[models.Quota]] = defaultdict(list)
    for row in await models.Quota.filter(member_id__in=keys).order_by("member_id", "position"):
        rows[row.member_id].append(row)
    return [rows[key] for key in keys]


async def _benefits(keys: list[str]) -> list[models.Benefit]:
    rows = {row.code: row for row in await models.Benefit.filter(code__in=keys)}
    return [rows[key] for key in keys]


class Loaders:
    """The loaders of one request."""

    def __init__(self) -> None:
        self.tiers = DataLoader(_tiers)
        self.quotas = DataLoader(_quotas)
        self.benefits = DataLoader(_benefits)


Info = strawberry.Info[Loaders, None]


@strawberry.type
class Benefit:
    """A benefit."""

    code: str
    name: str


@strawberry.type
class Tier:
    """A tier."""

    star: int
    rated_premium: str


@strawberry.type
class Quota:
    """A quota."""

    benefit_code: strawberry.Private[str]
    entitled: bool
    granted: int | None
    used: int
    held: int
    remaining: int | None

    @strawberry.field
    async def benefit(self, info: Info) -> Benefit:
        """Its benefit."""
        row = await info.context.benefits.load(self.benefit_code)
        return Benefit(code=row.code, name=row.name)


@strawberry.type
class Customer:
    """A member."""

    id: strawberry.Private[int]
    member_no: str
    name: str

    @strawberry.field
    async def tier(self, info: Info) -> Tier:
        """The tier."""
        row = await info.context.tiers.load(self.id)
        return Tier(star=row.star, rated_premium=str(row.rated_premium))

    @strawberry.field
    async def quotas(self, info: Info) -> list[Quota]:
        """The quotas."""
        return [
            Quota(
                benefit_code=row.benefit_code,
                entitled=row.entitled,
                granted=row.granted,
                used=row.used,
                held=row.held,
                remaining=row.remaining,
            )
            for row in await info.context.quotas.load(self.id)
        ]


@strawberry.type
class PageInfo:
    """Where a page ends."""

    has_next_page: bool
    end_cursor: str | None


@strawberry.type
class CustomerEdge:
    """A row of a page."""

    cursor: str
    node: Customer


@strawberry.type
class CustomerConnection:
    """A page."""

    page_info: PageInfo
    edges: list[CustomerEdge]


@strawberry.type
class Query:
    """What can be read."""

    @strawberry.field
    async def customers(self, first: int, after: str | None = None) -> CustomerConnection:
        """A page of members."""
        found = models.Member.filter(member_no__gt=after) if after else models.Member.all()
        rows = await found.order_by("member_no").limit(first + 1)
        edges = [
            CustomerEdge(
                cursor=row.member_no, node=Customer(id=row.id, member_no=row.member_no, name=row.name)
            )
            for row in rows[:first]
        ]
        return CustomerConnection(
            page_info=PageInfo(
                has_next_page=len(rows) > first, end_cursor=edges[-1].cursor if edges else None
            ),
            edges=edges,
        )


class Endpoint(GraphQL[Loaders, None]):
    """GraphQL over HTTP, with loaders of their own for each request."""

    async def get_context(
        self,
        request: Request | WebSocket,  # noqa: ARG002 - Strawberry's
        response: Response | WebSocket,  # noqa: ARG002
    ) -> Loaders:
        """Make the loaders."""
        return Loaders()


async def _connect(*_: Any, loop: Any, connection_class: Any, record_class: Any, **__: Any) -> Any:
    # Tortoise knows no address of a socket.
    return await asyncpg.connect(
        os.environ["DATABASE_URL"], loop=loop, connection_class=connection_class, record_class=record_class
    )


@asynccontextmanager
async def _lifespan(_: Starlette) -> AsyncIterator[None]:
    credentials = {"connect": _connect, "minsize": 1, "maxsize": 8}
    await Tortoise.init(
        config={
            "connections": {"default": {"engine": "tortoise.backends.asyncpg", "credentials": credentials}},
            "apps": {"peer": {"models": [models.__name__], "default_connection": "default"}},
            "use_tz": True,
            "timezone": "UTC",
        },
        _enable_global_fallback=True,
    )
    yield
    await Tortoise.close_connections()


_ENDPOINT = Endpoint(strawberry.Schema(query=Query), graphql_ide=None)
app = Starlette(routes=[Route("/graphql", _ENDPOINT, methods=["POST"])], lifespan=_lifespan)
