"""The settings of the service: their names, types and defaults, and what production refuses."""

from app.settings.loading import load_settings, variable_names
from app.settings.settings import Settings

__all__ = ["Settings", "load_settings", "variable_names"]
