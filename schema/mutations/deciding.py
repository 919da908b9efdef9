"""The actor, as it is stored with all writes."""

from schema.context import Context


def decider(context: Context) -> str:
    """The subject of the token, or its role when the token has no subject."""
    viewer = context.viewer
    return (viewer.subject or viewer.role.value) if viewer is not None else ""
