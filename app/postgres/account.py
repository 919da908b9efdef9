"""Which system user PostgreSQL runs as.

PostgreSQL refuses to run as root. Started by root (a container, a CI machine), it runs as a system user of its own:
the owner of existing data, else `postgres` where there is one, else one that is made. That user needs to traverse the
folders above the data and the programs; where it cannot, only the right to *traverse* is added, not the right to list
or read.
"""

import os
import pwd
import shutil
import stat
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from app.postgres.errors import PostgresError

_CANDIDATES = ("postgres", "entitlements-postgres")
_NEW = "entitlements-postgres"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """The system user that owns the data: `switch` has the arguments to run a subprocess as it (empty if we are it)."""

    uid: int
    gid: int
    switches: bool

    @property
    def switch(self) -> dict[str, int | list[int]]:
        """Arguments for `subprocess`."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []} if self.switches else {}

    def own(self, path: Path) -> None:
        """Give a file or folder to this user."""
        if self.switches:
            os.chown(path, self.uid, self.gid)

    def open_way(self, path: Path, say: Callable[[str], None]) -> None:
        """Let this user traverse every folder above `path`."""
        if not self.switches:
            return
        for folder in path.resolve().parents:
            mode = folder.stat().st_mode
            if not mode & stat.S_IXOTH and folder.stat().st_uid != self.uid:
                folder.chmod(stat.S_IMODE(mode) | stat.S_IXOTH)
                say(f"opened {folder} for passing through, for the system user of PostgreSQL")

    def open_programs(self, folder: Path, say: Callable[[str], None]) -> None:
        """Let this user run the programs in `folder` and read what lies beside them."""
        if not self.switches:
            return
        self.open_way(folder, say)
        if (
            folder.stat().st_mode & stat.S_IXOTH
            and (folder / "bin" / "postgres").stat().st_mode & stat.S_IXOTH
        ):
            return
        for path in (folder, *folder.rglob("*")):
            mode = stat.S_IMODE(path.stat().st_mode)
            executable = stat.S_IXOTH if mode & stat.S_IXUSR else 0
            path.chmod(mode | stat.S_IROTH | executable)


def account_for(pgdata: Path) -> Account:
    """Return the user for `pgdata`; for root, create one if there is none.

    Raises PostgresError when the data belongs to another user or no user can be created.
    """
    owner = pgdata.stat() if pgdata.exists() else None
    if os.geteuid() != 0:
        if owner is not None and owner.st_uid != os.geteuid():
            raise PostgresError(
                f"{pgdata} belongs to another user ({_name(owner.st_uid)}): use that user, or another --data folder"
            )
        return Account(uid=os.geteuid(), gid=os.getegid(), switches=False)
    if owner is not None and owner.st_uid != 0:
        return Account(uid=owner.st_uid, gid=owner.st_gid, switches=True)
    entry = _existing() or _made()
    return Account(uid=entry.pw_uid, gid=entry.pw_gid, switches=True)


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _existing() -> pwd.struct_passwd | None:
    for name in _CANDIDATES:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    return None


def _made() -> pwd.struct_passwd:
    useradd = shutil.which("useradd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    help_text = "run as an ordinary user, make a system user 'postgres', or set DATABASE_URL"
    if useradd is None:
        raise PostgresError(
            f"PostgreSQL cannot run as root and there is no useradd to make a user: {help_text}"
        )
    done = subprocess.run(  # noqa: S603 - a fixed command
        [useradd, "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", _NEW],
        capture_output=True,
        text=True,
        check=False,
    )
    made = _existing()  # another process may have been faster
    if made is None:
        raise PostgresError(
            f"PostgreSQL cannot run as root and no user could be made ({done.stderr.strip()}): {help_text}"
        )
    return made
