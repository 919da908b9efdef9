"""Every setting of the service: its name, what it may be, its default, and which settings belong together."""

from decimal import Decimal
from pathlib import Path
from typing import Annotated, Self

from pydantic import (
    AliasChoices,
    Field,
    SecretStr,
    model_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

from app.settings.database_address import mistake
from app.settings.types import (
    BusinessTime,
    Environment,
    Folder,
    LogLevel,
    LogLevelSetting,
    Name,
    Places,
    PlacesSetting,
    check_secrets,
)
from base.parallel import processors
from ledger.auditing import SHORTEST_RETENTION_DAYS

PREFIX = "ENTITLEMENTS_"

_EMBEDDED_CONNECTIONS, _USUAL_CONNECTIONS = 200, 100
"""How many connections the embedded database allows, and another one unless it is told otherwise."""
_FURTHER_CONNECTIONS = 7
"""Of a worker, besides its pools for requests and for simple writes."""


class Settings(BaseSettings):
    """The settings; the environment variable of each is its name in capitals after `ENTITLEMENTS_`, unless given."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True, frozen=True, extra="ignore")

    env: Environment = Environment.DEVELOPMENT
    data: Folder = Path(".data")
    """Folder of the embedded database and of the development key."""

    database_url: Annotated[SecretStr | None, Field(validation_alias=AliasChoices("DATABASE_URL"))] = None
    """A PostgreSQL server (16 or newer) for the service to use instead of the embedded one."""

    database_owner_url: Annotated[
        SecretStr | None, Field(validation_alias=AliasChoices("DATABASE_OWNER_URL"))
    ] = None
    """The same database as its owner, for migrations; by default `DATABASE_URL`."""

    database_plaintext: bool = False
    """Whether production may reach the database unencrypted, because the network between is private."""

    clock: BusinessTime | None = None
    """A fixed moment to use as "now": for tests and demonstrations. Without an offset it is business time."""

    editions: Folder | None = None
    """A folder with further editions of the handbook."""

    trusted_documents: Folder | None = None
    """A folder of `.graphql` files: only the operations in them run."""

    token_key: SecretStr | None = None
    """The secret that tokens are signed with (HS256), at least 32 bytes."""

    token_keys: SecretStr | None = None
    """Several secrets instead of one, separated by blanks: the first signs, all verify. For changing the secret."""

    token_max_hours: Annotated[int, Field(ge=1, le=24 * 366)] = 24
    """How long a token may be valid, from `iat` to `exp`; a longer one is refused, whoever issued it."""

    jwks: str | None = None
    """URL or file of the public keys that verify tokens (RS256, ES256, EdDSA)."""

    audit_days: Annotated[int, Field(ge=SHORTEST_RETENTION_DAYS)] = 400
    """How many days audit events are kept; they are dropped by whole months."""

    token_issuer: Name = "entitlements"  # noqa: S105 - a name, no secret
    token_audience: Name = "entitlements"  # noqa: S105

    pool_size: Annotated[int, Field(ge=2, le=200)] = 20
    """Connections of one worker for requests, shared out to the classes of work (`app.capacity.admission`)."""

    reads: PlacesSetting = Places(at_once=16, waiting=128)
    redemptions: PlacesSetting = Places(at_once=64, waiting=256)
    events: PlacesSetting = Places(at_once=4, waiting=64)
    finance: PlacesSetting = Places(at_once=2, waiting=16)
    files: PlacesSetting = Places(at_once=4, waiting=8)
    """For each class of work, how many requests one worker serves at once, and how many more may queue: `16/128`."""

    deadline_s: Annotated[float, Field(ge=0.1, le=3600)] = 10
    """How long a request may take that reads, redeems or records events."""

    finance_deadline_s: Annotated[float, Field(ge=0.1, le=24 * 3600)] = 300
    """How long a request of finance may take: a match, a settlement, a report, the what-if of an edition."""

    files_deadline_s: Annotated[float, Field(ge=0.1, le=24 * 3600)] = 1800
    """How long an upload or a download may take."""

    orm_pool_size: Annotated[int, Field(ge=1, le=50)] = 5
    """Connections of one worker for simple writes."""

    max_body_bytes: Annotated[int, Field(ge=1024)] = 1024 * 1024
    """The longest request."""

    max_answer_bytes: Annotated[int, Field(ge=1024)] = 10 * 1024 * 1024
    """The longest answer to an operation."""

    max_upload_bytes: Annotated[int, Field(ge=1024)] = 200 * 1024 * 1024
    """The longest file that may be sent as a statement."""

    budget_caller: Annotated[int, Field(ge=0)] = 3_000_000
    """The cost that the subject of a token may spend in a minute; 0: without limit."""

    budget_member: Annotated[int, Field(ge=0)] = 300_000
    """The same for a front end's token that is bound to one member."""

    budget_vendor: Annotated[int, Field(ge=0)] = 3_000_000
    """The same for all tokens of a vendor together."""

    budget_look_ups: Annotated[int, Field(ge=0)] = 10_000
    """Look-ups of member numbers that a vendor may make in an hour, see `schema.look_ups`; 0: without limit."""

    budget_wrong_tokens: Annotated[int, Field(ge=0)] = 60
    """Requests without a valid token in a minute, for each address, before 429; 0: without limit."""

    four_eyes_above: Annotated[Decimal, Field(ge=0)] | None = None
    """In CNY: who accepted an exception above it does not close the month alone; None: no limit."""

    redis_url: SecretStr | None = None
    """Where the workers share their budgets; without it each worker has its part of them."""

    workers: Annotated[int, Field(ge=1)] = 1
    """How many processes share the budgets; `serve --workers` tells its own."""

    max_connections: Annotated[int, Field(ge=1, le=100_000)] = 2000
    """Open connections of one worker; a further one takes the place of one that idles, or is refused."""

    header_timeout_s: Annotated[float, Field(gt=0)] = 10
    """How long a client may take for a request's headers."""

    body_timeout_s: Annotated[float, Field(gt=0)] = 20
    """The interval over which an incomplete body must arrive at `least_bytes_per_s`."""

    answer_timeout_s: Annotated[float, Field(gt=0)] = 60
    """The interval over which a client must read an answer at `least_bytes_per_s`."""

    least_bytes_per_s: Annotated[int, Field(ge=1)] = 1024
    """The rate, on average over the times above, below which a client is cut."""

    keep_alive_s: Annotated[int, Field(ge=1)] = 75
    """How long a connection without a request stays open: longer than the proxy before the service keeps it."""

    shutdown_delay_s: Annotated[float, Field(ge=0)] = 0
    """How long a stopping service still serves while `/readyz` answers 503, for load balancers."""

    drain_idle_s: Annotated[float, Field(ge=0)] = 1
    """How long a stopping process waits for one more request on open connections."""

    shutdown_grace_s: Annotated[int, Field(ge=1)] = 30
    """How long a stopping process waits for requests in flight."""

    graphiql: bool | None = None
    """Whether a browser gets the query page at /graphql; by default in development only."""

    metrics: bool = True
    """Whether the service collects metrics and shows them at /metrics."""

    metrics_token: SecretStr | None = None
    """A token that may read /metrics and nothing else: it does not expire, as Prometheus needs it."""

    tracing: bool = False
    """Whether requests are traced; OpenTelemetry's own variables configure the exporter."""

    introspection: bool | None = None
    """Whether introspection is allowed; by default in development only."""

    plans: bool = True
    """Whether operations run by plans (`planned`); otherwise in graphql-core, slower, with the same answers."""

    log_level: LogLevelSetting = LogLevel.INFO

    @property
    def most_requests(self) -> int:
        """How many requests one worker can hold: in service or queued."""
        classes = (self.reads, self.redemptions, self.events, self.finance, self.files)
        return sum(each.at_once + each.waiting for each in classes)

    @property
    def usual_workers(self) -> int:
        """How many workers suit this machine: one for each processor, while the database allows their connections.

        One more is counted, as there is one while they are replaced.
        """
        each = self.pool_size + self.orm_pool_size + _FURTHER_CONNECTIONS
        allowed = _EMBEDDED_CONNECTIONS if self.database_url is None else _USUAL_CONNECTIONS
        return max(1, min(processors(), allowed // each - 1))

    @property
    def production(self) -> bool:
        """Whether the environment is production."""
        return self.env is Environment.PRODUCTION

    @property
    def shows_graphiql(self) -> bool:
        """Whether a browser gets the query page."""
        return not self.production if self.graphiql is None else self.graphiql

    @property
    def allows_introspection(self) -> bool:
        """Whether introspection is allowed."""
        return not self.production if self.introspection is None else self.introspection

    @property
    def service_dsn(self) -> str | None:
        """Address of the database for the service; None for the embedded one."""
        return self.database_url.get_secret_value() if self.database_url else None

    @property
    def owner_dsn(self) -> str | None:
        """Address of the database for migrations; None for the embedded one."""
        return self.database_owner_url.get_secret_value() if self.database_owner_url else self.service_dsn

    @property
    def secrets(self) -> tuple[str, ...]:
        """The configured secrets of tokens: the first signs, all verify."""
        if self.token_key is not None:
            return (self.token_key.get_secret_value(),)
        return tuple(self.token_keys.get_secret_value().split()) if self.token_keys is not None else ()

    @model_validator(mode="after")
    def _keys_are_long_enough(self) -> Self:
        if self.token_key is not None and self.token_keys is not None:
            raise ValueError(
                "ENTITLEMENTS_TOKEN_KEYS: takes the place of ENTITLEMENTS_TOKEN_KEY: set one of them"
            )
        name = "ENTITLEMENTS_TOKEN_KEY" if self.token_key is not None else "ENTITLEMENTS_TOKEN_KEYS"
        check_secrets(name, self.secrets)
        if self.token_keys is not None and not self.secrets:
            raise ValueError("ENTITLEMENTS_TOKEN_KEYS: holds no key")
        return self

    @model_validator(mode="after")
    def _metrics_token_is_long_enough(self) -> Self:
        if self.metrics_token is not None:
            check_secrets("ENTITLEMENTS_METRICS_TOKEN", [self.metrics_token.get_secret_value()])
        return self

    @model_validator(mode="after")
    def _databases_belong_together(self) -> Self:
        if self.database_owner_url is not None and self.database_url is None:
            raise ValueError("DATABASE_OWNER_URL: set DATABASE_URL too, for the service")
        for name, url in (("DATABASE_URL", self.service_dsn), ("DATABASE_OWNER_URL", self.owner_dsn)):
            wrong = mistake(url) if url is not None else None
            if wrong is not None:
                raise ValueError(f"{name}: {wrong}")
        return self
