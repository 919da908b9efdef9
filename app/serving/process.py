"""One process that serves: it opens the application, takes connections, and stops in order.

To stop, it accepts no new connections and answers requests in flight. An open connection without a request is kept for
a moment (`drain_idle_s`): a client that has just sent a request on it gets its answer, with `Connection: close`, and no
reset. If the whole service stops, `/readyz` says so first, for `shutdown_delay_s`, while everything goes on as before:
time for a load balancer to switch to another instance.
"""

import asyncio
import gc
import socket
from collections.abc import Callable
from contextlib import AsyncExitStack
from time import monotonic
from types import FrameType
from typing import cast

import structlog
import uvicorn
from starlette.applications import Starlette

from app.errors import StartError
from app.serving.accepting import Acceptor, Board
from app.serving.connections import Connection, State
from app.settings import Settings

log = structlog.get_logger(__name__)

FAILED_TO_START = "the service did not start: its log says why"
BACKLOG = 2048
_TICK_S = 0.1
_LOOK_EVERY_TICKS = 2
_COLLECTED_AFTER = 20_000
"""New objects before a run of the garbage collector; Python's default of 700 is half of one request."""


class Server(uvicorn.Server):
    """Serves an application on a socket. `serving` is called when it does.

    `alone`: no other process serves, so when this one stops, the service does.
    """

    server_state: State

    def __init__(
        self,
        app: Starlette,
        settings: Settings,
        listener: socket.socket,
        *,
        board: Board,
        slot: int,
        alone: bool,
        serving: Callable[[], None],
    ) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http=Connection,
                ws="none",
                lifespan="off",  # off: `startup` opens the application itself, so that its errors arrive unchanged
                log_config=None,
                access_log=False,
                server_header=False,
                timeout_keep_alive=settings.keep_alive_s,
                timeout_graceful_shutdown=settings.shutdown_grace_s,
            )
        )
        self.server_state = State(settings)
        self._app = app
        self._settings = settings
        self._listener = listener
        self._board = board
        self._slot = slot
        self._alone = alone
        self._serving = serving
        self._opened = AsyncExitStack()
        self._acceptor: Acceptor | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:  # noqa: ARG002 - uvicorn's
        """Open the application, then take connections. Raises StartError."""
        try:
            await self._opened.enter_async_context(self._app.router.lifespan_context(self._app))
        except StartError:
            raise
        except Exception as error:
            log.exception("the application cannot be opened")
            raise StartError(FAILED_TO_START) from error
        await super().startup(sockets=[])
        self._acceptor = Acceptor(
            self._listener, self._protocol, self.server_state.connections, self._board, self._slot
        )
        spare_collector()
        self._board.beat(self._slot)
        self._acceptor.start()
        if not self.should_exit:
            self._serving()

    def _protocol(self) -> asyncio.Protocol:
        return Connection(config=self.config, server_state=self.server_state, app_state={})

    async def on_tick(self, counter: int) -> bool:
        """Check the connections, and send a heartbeat."""
        if counter % _LOOK_EVERY_TICKS == 0:
            self._board.beat(self._slot)
            if self._acceptor is not None:
                self._acceptor.tell()
            self._look()
        return await super().on_tick(counter)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop; the second time Ctrl-C is pressed, at once."""
        if self._alone:
            self._board.stop()
        super().handle_exit(sig, frame)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop: accept nothing new, answer requests in flight, then close the application."""
        if self._board.stopping:
            self._app.state.draining = True
            await self._wait(self._settings.shutdown_delay_s, lambda: True)
        if self._acceptor is not None:
            await self._acceptor.stop()
        self.server_state.draining = True
        for connection in self._connections():
            connection.drain()
        await self._wait(self._settings.drain_idle_s, self._connections)
        await super().shutdown(sockets)
        await self._opened.aclose()

    async def _wait(self, seconds: float, while_: Callable[[], object]) -> None:
        until = monotonic() + seconds
        while monotonic() < until and while_() and not self.force_exit:
            self._look()
            await asyncio.sleep(_TICK_S)

    def _look(self) -> None:
        now = monotonic()
        for connection in self._connections():
            connection.look(now)

    def _connections(self) -> list[Connection]:
        return cast("list[Connection]", list(self.server_state.connections))


def spare_collector() -> None:
    """Keep Python's garbage collector from scanning long-lived objects, and from running with every request.

    Scanning the schema, the handbooks and the code blocks the process for a tenth of a second, and a client could
    trigger it with bodies of many values.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_COLLECTED_AFTER, *gc.get_threshold()[1:])
