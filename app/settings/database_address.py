"""Parsing addresses of PostgreSQL (`postgresql://…`) as asyncpg does: hosts, encryption, mistakes."""

import os
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

_SCHEMES = ("postgres", "postgresql")
_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
_ENCRYPTED = _MODES[3:]
_LOCAL_NAMES = ("", "localhost", "::1")
_LOCAL_BEGINNINGS = ("/", "127.")  # a socket folder, or this machine


def mistake(url: str) -> str | None:
    """Return why a text is no address of PostgreSQL, without quoting it; None if it is one."""
    if not url.startswith(tuple(f"{scheme}://" for scheme in _SCHEMES)):
        return "must begin with postgres:// or postgresql://"
    try:
        address = urlsplit(url)
        parameters = parse_qs(address.query, strict_parsing=True) if address.query else {}
    except ValueError:
        return "is no address: special characters in user and password are written as %XX"
    ports = [port for _, port in _places(address)]
    ports += [port for given in parameters.get("port", ()) for port in given.split(",")]
    if not all(not port or (port.isdecimal() and 0 < int(port[:6]) < 65536) for port in ports):  # noqa: PLR2004
        return "a port is a number from 1 to 65535"
    if any(mode not in _MODES for mode in parameters.get("sslmode", ())):
        return f"sslmode must be one of {', '.join(_MODES)}"
    return None


def without_password(url: str) -> str:
    """The address for messages: without user and password."""
    address = urlsplit(url)
    hosts = address.netloc.rpartition("@")[2] or "the local socket"
    return f"{hosts}{address.path}"


def is_private(url: str) -> bool:
    """Whether the connection is encrypted, or does not leave this machine."""
    address = urlsplit(url)
    parameters = parse_qs(address.query)
    hosts = [host for host, _ in _places(address)]
    if not hosts:
        given = parameters.get("host", [os.environ.get("PGHOST", "")])[-1]
        hosts = given.split(",")
    if all(host in _LOCAL_NAMES or host.startswith(_LOCAL_BEGINNINGS) for host in hosts):
        return True
    return parameters.get("sslmode", [os.environ.get("PGSSLMODE", "")])[-1] in _ENCRYPTED


def _places(address: SplitResult) -> list[tuple[str, str]]:
    """The hosts and ports before the path; there may be several."""
    text = address.netloc.rpartition("@")[2]
    found = []
    for part in text.split(",") if text else ():
        if part.startswith("["):
            host, _, port = part[1:].partition("]")
            found.append((host, port.removeprefix(":")))
        else:
            host, _, port = part.partition(":")
            found.append((unquote(host), port))
    return found
