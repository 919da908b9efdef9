"""Executing documents within this process, to measure their processor time."""

from pathlib import Path
from typing import Any

from strawberry import Schema

from app.services import Services
from schema.context import Context, Role, Viewer


class Desk:
    """Executes documents as a viewer with the permissions that they need."""

    def __init__(self, services: Services, schema: Schema, editions: Path) -> None:
        self.services = services
        self._schema = schema
        self._editions = editions

    async def ask(self, text: str, viewer: Viewer | None = None, **variables: Any) -> Any:
        """The data of an answer without errors; AssertionError with them otherwise."""
        context = Context(
            viewer=viewer or Viewer(role=Role.AUDITOR),
            pool=self.services.pool,
            journal=self.services.journal,
            handbooks=self.services.handbooks,
            clock=self.services.clock,
            edition_folders=[self._editions],
        )
        result = await self._schema.execute(text, variable_values=variables, context_value=context)
        if result.errors:
            raise AssertionError(f"{text}: {[error.message for error in result.errors]}")
        return result.data
