"""`serve`: PostgreSQL, migrations, the demonstration, then the web server; stopped in the opposite order."""

import os
import resource
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Annotated

import typer

from app.commands.running import DataOption, ending_on_sigterm, progress_bars, with_services
from app.console import say
from app.database import embedded_postgres
from app.errors import StartError
from app.identity.keys import key_ring
from app.logging import configure_logging
from app.observability.folder import metrics_folder
from app.services import Services
from app.settings import Settings, load_settings

# Files besides client connections: refused connections, database connections, others.
_FURTHER_FILES = 1024

_SHEETS = "demo-statements"
"""Where in the data folder the sheets of the demonstration are."""


def serve(
    host: Annotated[str, typer.Option("--host", help="Address to listen on")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="Port to listen on")] = 8000,
    workers: Annotated[
        int | None,
        typer.Option(
            "--workers",
            min=1,
            max=64,
            help="How many processes [default: one for each processor, while the database allows their connections]",
        ),
    ] = None,
    data: DataOption = None,
    demo: Annotated[bool, typer.Option("--demo", help="Load the demo portfolio, once")] = False,
) -> None:
    """Serve the API; with the embedded PostgreSQL when DATABASE_URL is not set."""
    settings = load_settings(data=data)
    if demo and settings.production:
        raise StartError("--demo is refused when ENTITLEMENTS_ENV=production")
    if settings.production:
        key_ring(settings)  # fail on missing or unreadable keys before a folder or a database is created
    if settings.trusted_documents is not None:
        from app.http.documents import documents_of
        from schema.build import build_schema

        documents_of(settings, build_schema())
    if workers is None:
        workers = settings.workers if "workers" in settings.model_fields_set else settings.usual_workers
    try:
        with (
            _telling_workers(
                ENTITLEMENTS_DATA=str(settings.data.resolve()), ENTITLEMENTS_WORKERS=str(workers)
            ),
            ending_on_sigterm(),
            _listening(host, port) as listener,
            metrics_folder(workers),
            _postgres(settings),
        ):
            vendors = with_services(data, _load_demo if demo else _open)
            _serve(listener, workers, settings, lambda: _announce(listener, settings, vendors))
    except KeyboardInterrupt:
        return  # stopped on request: no failure


@contextmanager
def _telling_workers(**variables: str) -> Iterator[None]:
    """Set environment variables, from which the workers read their settings, for as long as they are served."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextmanager
def _listening(host: str, port: int) -> Iterator[socket.socket]:
    """The socket, opened first: so a port in use fails at once."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise StartError(f"cannot listen on {host}:{port}: {error.strerror}") from None
    with listener:
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
        except OSError as error:
            raise StartError(f"cannot listen on {host}:{port}: {error.strerror}") from None
        listener.set_inheritable(True)
        yield listener


def _postgres(settings: Settings) -> "nullcontext[None] | _Held":
    """Hold the embedded PostgreSQL as long as any worker lives; does nothing with a server."""
    return _Held(settings) if settings.service_dsn is None else nullcontext()


class _Held:
    """The embedded PostgreSQL, stopped in any case: further signals wait until then."""

    def __init__(self, settings: Settings) -> None:
        self._postgres = embedded_postgres(settings)

    def __enter__(self) -> None:
        self._postgres.start()

    def __exit__(self, *_: object) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        self._postgres.stop()


async def _open(services: Services) -> None:
    """Check that the database can be opened and is migrated; warn of wrong clocks and of editions not in force."""
    from app.editions import not_served
    from ledger.verifying.clocks import moments, warnings

    frozen = services.settings.clock is not None
    for line in warnings(await moments(services.pool), services.clock(), frozen=frozen):
        say(f"warning: {line}")
    for line in not_served(services.handbook, services.settings):
        say(line)


async def _load_demo(services: Services) -> tuple[str, ...]:
    """Load the demonstration, if it is not there; the codes of the vendors."""
    from demo import DemoError, load
    from demo.sheets import write_sheets

    await _open(services)

    folder = services.settings.data.expanduser() / _SHEETS
    try:
        with progress_bars() as bars:
            await load(
                services,
                progress=lambda done, total: bars.update("loading the demo", done, total, unit="steps"),
            )
        written = await write_sheets(services, folder)
    except DemoError as error:
        raise StartError(f"--demo: {error}") from None
    if written:
        typer.echo(
            f"finance: `entitlements statement list`, then docs/finance.md; sheets to import: {folder}"
        )
    return tuple(
        row["code"] for row in await services.pool.fetch("SELECT code FROM vendors ORDER BY code LIMIT 10")
    )


def _announce(listener: socket.socket, settings: Settings, vendors: tuple[str, ...] | None) -> None:
    host, port = listener.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    typer.echo(f"serving on http://{shown}:{port}/graphql")
    if vendors is not None:
        from app.commands.welcome import tokens_to_try

        for line in tokens_to_try(settings, vendors):
            typer.echo(line)
    sys.stdout.flush()


def _serve(listener: socket.socket, workers: int, settings: Settings, announce: Callable[[], None]) -> None:
    from app.server import create
    from app.serving.accepting import Board
    from app.serving.process import BACKLOG, Server
    from app.serving.workers import Workers

    configure_logging(settings.log_level)
    _allow_files(settings.max_connections)
    listener.listen(BACKLOG)
    if workers > 1:
        Workers(listener, workers, settings).run(announce)
        return
    # A terminal that is closed ends the service in order.
    signal.signal(signal.SIGHUP, signal.getsignal(signal.SIGTERM))
    Server(create(), settings, listener, board=Board(1), slot=0, alone=True, serving=announce).run()


def _allow_files(connections: int) -> None:
    """Let each process have as many open files as its connections need, if the system allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + _FURTHER_FILES
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
