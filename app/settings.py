"""Every setting of the service, read once from the environment and checked before anything starts.

A setting that is wrong stops the start and is named; in production, what is only for tests and demonstrations (a frozen
clock, a key that the service makes itself, the query page) is refused or off.
"""

from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import AfterValidator, AliasChoices, Field, SecretStr, ValidationError, model_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict

from app.errors import StartError
from handbook import BUSINESS_ZONE

_PREFIX = "ENTITLEMENTS_"
SHORTEST_KEY_BYTES = 32


class Environment(StrEnum):
    """Where the service runs."""

    DEVELOPMENT = "development"
    PRODUCTION = "production"


def _business_time(moment: datetime) -> datetime:
    return moment if moment.utcoffset() is not None else moment.replace(tzinfo=BUSINESS_ZONE)


class Settings(BaseSettings):
    """The settings; the environment variable of each is its name in capitals after `ENTITLEMENTS_`, unless given."""

    model_config = SettingsConfigDict(env_prefix=_PREFIX, env_ignore_empty=True, frozen=True, extra="ignore")

    env: Environment = Environment.DEVELOPMENT
    data: Path = Path(".data")
    """Folder of the embedded database and of the development key."""

    database_url: Annotated[SecretStr | None, Field(validation_alias=AliasChoices("DATABASE_URL"))] = None
    """A PostgreSQL server (16 or newer) for the service to use instead of the embedded one."""

    database_owner_url: Annotated[
        SecretStr | None, Field(validation_alias=AliasChoices("DATABASE_OWNER_URL"))
    ] = None
    """The same database as its owner, for migrations; by default `DATABASE_URL`."""

    clock: Annotated[datetime, AfterValidator(_business_time)] | None = None
    """A moment to take as "now" for ever: for tests and demonstrations. Without an offset it is business time."""

    editions: Path | None = None
    """A folder with further editions of the handbook."""

    token_key: SecretStr | None = None
    """The secret that tokens are signed with (HS256), at least 32 bytes."""

    jwks: str | None = None
    """Address or file of the public keys that tokens are checked with (RS256, ES256, EdDSA)."""

    token_issuer: str = "entitlements"  # noqa: S105 - a name, no secret
    token_audience: str = "entitlements"  # noqa: S105

    pool_size: Annotated[int, Field(ge=2, le=200)] = 20
    """Connections of one worker for reads and redemptions."""

    orm_pool_size: Annotated[int, Field(ge=1, le=50)] = 5
    """Connections of one worker for simple writes."""

    max_body_bytes: Annotated[int, Field(ge=1024)] = 1024 * 1024
    """The longest request."""

    max_upload_bytes: Annotated[int, Field(ge=1024)] = 200 * 1024 * 1024
    """The longest file that may be sent as a statement."""

    graphiql: bool | None = None
    """Whether a browser gets the query page at /graphql; by default in development only."""

    log_level: str = "info"

    @property
    def production(self) -> bool:
        """Whether this is the real thing."""
        return self.env is Environment.PRODUCTION

    @property
    def shows_graphiql(self) -> bool:
        """Whether a browser gets the query page."""
        return not self.production if self.graphiql is None else self.graphiql

    @property
    def service_dsn(self) -> str | None:
        """Address of the database for the service; None for the embedded one."""
        return self.database_url.get_secret_value() if self.database_url else None

    @property
    def owner_dsn(self) -> str | None:
        """Address of the database for migrations; None for the embedded one."""
        return self.database_owner_url.get_secret_value() if self.database_owner_url else self.service_dsn

    @model_validator(mode="after")
    def _fit_for_production(self) -> Self:
        if self.production and self.clock is not None:
            raise ValueError("ENTITLEMENTS_CLOCK: a frozen clock is refused when ENTITLEMENTS_ENV=production")
        return self

    @model_validator(mode="after")
    def _key_long_enough(self) -> Self:
        key = self.token_key
        if key is not None and len(key.get_secret_value().encode()) < SHORTEST_KEY_BYTES:
            raise ValueError(f"ENTITLEMENTS_TOKEN_KEY: at least {SHORTEST_KEY_BYTES} bytes are needed")
        return self

    @model_validator(mode="after")
    def _databases_belong_together(self) -> Self:
        if self.database_owner_url is not None and self.database_url is None:
            raise ValueError("DATABASE_OWNER_URL: set DATABASE_URL too, for the service")
        for name, url in (("DATABASE_URL", self.service_dsn), ("DATABASE_OWNER_URL", self.owner_dsn)):
            if url is not None and not url.startswith(("postgres://", "postgresql://")):
                raise ValueError(f"{name}: must begin with postgres:// or postgresql://")
        return self


def load_settings(**given: Any) -> Settings:
    """Read the settings; `given` (from the command line, None left out) wins over the environment.

    Raises StartError naming each variable that is wrong; it never shows a value, which may be a secret.
    """
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        lines = [_line(detail) for detail in error.errors(include_url=False, include_input=False)]
        raise StartError(*lines) from None


def _line(detail: ErrorDetails) -> str:
    message = detail["msg"].removeprefix("Value error, ")
    if not detail["loc"]:
        return message
    name = str(detail["loc"][0])
    return f"{name if name.isupper() else _PREFIX + name.upper()}: {message}"
