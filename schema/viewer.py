"""The viewer: what a token proves about its bearer; and the languages that answers are in."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

Language = Literal["zh", "en"]


class Role(StrEnum):
    """What a token lets its bearer do; the table is in `schema.permissions`."""

    FRONTEND = "frontend"
    VENDOR = "vendor"
    FINANCE = "finance"
    OPERATIONS = "operations"
    AUDITOR = "auditor"


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """The viewer: a role, and what it is bound to.

    `vendor` is the vendor's code (role vendor only). `member` binds a frontend to one member number. `subject` says who
    holds the token, for the logs; `token_id` is the token's own name (`jti`).
    """

    role: Role
    vendor: str | None = None
    member: str | None = None
    subject: str | None = None
    token_id: str | None = None
