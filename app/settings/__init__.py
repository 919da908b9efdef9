"""Every setting of the service: what there is, what each may be, and what production refuses."""

from app.settings.loading import load_settings, variable_names
from app.settings.settings import Settings

__all__ = ["Settings", "load_settings", "variable_names"]
