"""Every setting of the service: what there is, what each may be, and what production refuses."""

from app.settings.settings import Settings, load_settings, variable_names

__all__ = ["Settings", "load_settings", "variable_names"]
