"""Starting, sharing and stopping the server of one data folder.

The first process starts it, further ones join, the last one to leave stops it. Durability is set on the command line,
where no configuration file can override it. Recovery after a crash may take long: we wait as long as the server lives.
"""

import hashlib
import shlex
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Self
from urllib.parse import quote

import psutil

from app.postgres import cluster, postmaster
from app.postgres.account import Account, account_for
from app.postgres.errors import PostgresError
from app.postgres.holders import Holders

_ALWAYS = (
    "listen_addresses=",
    "unix_socket_permissions=0700",
    "client_connection_check_interval=2s",  # ends queries of killed clients, which releases their locks
)
_DURABLE = ("fsync=on", "full_page_writes=on", "synchronous_commit=on")
_NOT_DURABLE = (
    "fsync=off",
    "full_page_writes=off",
    "synchronous_commit=off",
    "autovacuum=off",
    "file_copy_method=clone",  # halves the cost of copying a database: the kernel copies, not the server
    "wal_level=minimal",  # such a server has no standby, and its log may be in memory
    "max_wal_senders=0",
    "max_wal_size=256MB",
)

# sockaddr_un holds 104 bytes on some systems; PostgreSQL adds "/.s.PGSQL.5432.lock".
_SOCKET_DIR_BYTES = 80
_POLL_S = 0.05
_QUIET_S = 3.0
_STOP_S = 60.0
_LOG_BYTES = 10_000_000


class EmbeddedPostgres:
    """The server of a data folder, from `start` to `stop`; usable as a context manager.

    `durable=False` is for throw-away data (the tests): fast, and lost with the machine.
    `say` gets a line for a person whenever something takes long.
    """

    def __init__(
        self, folder: Path, *, durable: bool = True, say: Callable[[str], None] = lambda _: None
    ) -> None:
        self._folder = folder.expanduser().resolve()
        self._pgdata = self._folder / "postgres"
        self._log = self._folder / "postgres.log"
        self._durable = durable
        self._say = say
        self._holders: Holders | None = None
        self._socket_dir: Path | None = None
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def exists(self) -> bool:
        """Whether the folder holds a database; otherwise `start` makes one."""
        return cluster.exists(self._pgdata)

    @property
    def dsn(self) -> str:
        """Address of the database, as its owner. Raises PostgresError before `start`."""
        if self._socket_dir is None:
            raise PostgresError("the embedded PostgreSQL is not started")
        host = quote(str(self._socket_dir), safe="")
        return f"postgresql://{cluster.OWNER}@/{cluster.DATABASE}?host={host}&port=5432"

    def start(self) -> None:
        """Start the server, or join a running one. Returns when it accepts connections. Raises PostgresError."""
        if self._holders is not None:
            return
        try:
            self._folder.mkdir(mode=0o711, parents=True, exist_ok=True)
        except OSError as error:
            raise PostgresError(f"cannot make the data folder {self._folder}: {error.strerror}") from error
        try:
            holders = Holders(self._folder)
            with holders.gate():
                self._socket_dir = self._running() or self._launch()
                holders.join()
        except OSError as error:
            raise PostgresError(f"cannot use the data folder {self._folder}: {error}") from error
        self._holders = holders

    def revive(self) -> bool:
        """Start the server again if it was killed while we hold it; say whether that was so. Raises PostgresError."""
        holders = self._holders
        if holders is None or postmaster.running(self._pgdata) is not None:
            return False
        with holders.gate():
            if postmaster.running(self._pgdata) is not None:
                return False
            self._say("PostgreSQL is gone: starting it again")
            self._launch()
        return True

    def stop(self) -> None:
        """Leave the server; it is stopped if no other process uses the folder. Idempotent."""
        holders, self._holders = self._holders, None
        self._socket_dir = None
        if holders is None:
            return
        with holders.gate():
            if holders.leave():
                self._shut_down()
        child, self._child = self._child, None
        if child is not None and child.poll() is None:
            child.returncode = 0  # others still use it: no warning about the running process

    def __enter__(self) -> Self:
        """Start."""
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop, whatever happened."""
        self.stop()

    def _running(self) -> Path | None:
        """Wait for the server that runs already, if one does."""
        if postmaster.running(self._pgdata) is None:
            return None
        return self._until_ready(None)

    def _launch(self) -> Path:
        """Start the server; interrupted while waiting for it, stop it again."""
        process = self._child = self._begin()
        try:
            return self._until_ready(process)
        except KeyboardInterrupt:
            self._shut_down()
            raise

    def _begin(self) -> "subprocess.Popen[bytes]":
        account = account_for(self._pgdata)
        account.open_way(self._pgdata, self._say)
        home = cluster.programs(self._pgdata)
        account.open_programs(home, self._say)
        cluster.initialise(self._pgdata, account, home, self._say)
        self._clear_remnants()
        socket_dir = self._choose_socket_dir(account)
        durability = _DURABLE if self._durable else _NOT_DURABLE
        options = ["-D", str(self._pgdata), "-k", str(socket_dir), "-p", "5432"]
        for setting in (*_ALWAYS, *durability):
            options += ["-c", setting]
        if self._log.exists() and self._log.stat().st_size > _LOG_BYTES:
            self._log.replace(self._log.with_suffix(".log.1"))
        self._log.touch(mode=0o600)
        with self._log.open("ab") as log:
            process: subprocess.Popen[bytes] = subprocess.Popen(  # noqa: S603 - our own program, no shell
                [str(home / "bin" / "postgres"), *options],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                start_new_session=True,  # Ctrl-C must not reach the database
                **account.switch,  # type: ignore[call-overload]
            )
        return process

    def _until_ready(self, process: "subprocess.Popen[bytes] | None") -> Path:
        """Wait until the server accepts connections; give up only when it has ended."""
        began = time.monotonic()
        told = False
        while True:
            found = postmaster.running(self._pgdata)
            if found is not None and found.ready and found.socket_dir is not None:
                return found.socket_dir
            gone = found is None if process is None else process.poll() is not None
            if gone:
                raise PostgresError(f"PostgreSQL did not start; {self._last_words()}")
            if not told and time.monotonic() - began > _QUIET_S:
                told = True
                self._say("waiting for PostgreSQL: it is starting, or recovering after an unclean stop")
            time.sleep(_POLL_S)

    def _clear_remnants(self) -> None:
        """Clean up after a killed server: wait for its children (they end by themselves), then remove its pid file."""
        left = postmaster.remnants(self._pgdata)
        if left:
            self._say("waiting for the processes of a killed PostgreSQL to end")
            _, left = psutil.wait_procs(left, timeout=10)
            for process in left:
                process.send_signal(signal.SIGQUIT)
            _, left = psutil.wait_procs(left, timeout=20)
        if left:
            pids = ", ".join(str(process.pid) for process in left)
            raise PostgresError(
                f"processes of a killed PostgreSQL still work in {self._pgdata}: end them ({pids})"
            )
        # Also the lock file of its socket: PostgreSQL trusts that too if its pid belongs to any process now.
        for name in ("postmaster.pid", ".s.PGSQL.5432", ".s.PGSQL.5432.lock"):
            (self._pgdata / name).unlink(missing_ok=True)

    def _choose_socket_dir(self, account: Account) -> Path:
        """Return the data directory, or a private folder with a short name when its path is too long for a socket.

        The name is derived from the data directory, so that a restarted server has the same one.
        """
        if len(str(self._pgdata).encode()) <= _SOCKET_DIR_BYTES and "," not in str(self._pgdata):
            return self._pgdata
        identity = hashlib.sha256(f"{self._pgdata}:{self._pgdata.stat().st_ino}".encode()).hexdigest()[:16]
        short = Path(tempfile.gettempdir()) / f"entitlements-pg-{identity}"
        if len(str(short).encode()) > _SOCKET_DIR_BYTES:
            raise PostgresError(f"no folder with a short enough path for a socket: {self._pgdata}, {short}")
        try:
            short.mkdir(mode=0o700)
            account.own(short)
        except FileExistsError:
            found = short.lstat()
            if not stat.S_ISDIR(found.st_mode) or found.st_uid != account.uid or found.st_mode & 0o077:
                raise PostgresError(
                    f"{short} belongs to somebody else: remove it, it is for our socket"
                ) from None
        account.open_way(short, self._say)
        for left_over in short.iterdir():
            left_over.unlink()
        return short

    def _shut_down(self) -> None:
        found = postmaster.running(self._pgdata)
        if found is None:
            return
        try:
            found.process.send_signal(signal.SIGINT)  # "fast": roll back, write a checkpoint, end
            _wait(found.process, _STOP_S)
            if found.process.is_running() and found.process.status() != psutil.STATUS_ZOMBIE:
                self._say("PostgreSQL does not stop: ending it at once; it recovers at the next start")
                found.process.send_signal(signal.SIGQUIT)
                _wait(found.process, _STOP_S)
        except psutil.NoSuchProcess:
            pass
        if found.socket_dir is not None and found.socket_dir != self._pgdata:
            shutil.rmtree(found.socket_dir, ignore_errors=True)

    def _last_words(self) -> str:
        try:
            lines = self._log.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            lines = []
        said = [line for line in lines[-20:] if "FATAL" in line or "PANIC" in line or "error" in line.lower()]
        words = shlex.join(said[-1:] or lines[-1:]).strip("'") or "it said nothing"
        return f"its log {self._log} ends: {words}"


def _wait(process: psutil.Process, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while process.is_running() and process.status() != psutil.STATUS_ZOMBIE and time.monotonic() < deadline:
        time.sleep(_POLL_S)
