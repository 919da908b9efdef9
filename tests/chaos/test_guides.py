"""The commands of the guides run as they stand, on a demo of today: no date in them is out of date."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.served import REPOSITORY, Service

pytestmark = pytest.mark.chaos

ROOT = Path(REPOSITORY)
COMMAND = f'entitlements() {{ "{sys.executable}" -c "from app.start import main; main()" "$@"; }}'
REFUSED = {
    "docs/finance.md": {
        "entitlements statement import --vendor assist-1": "2 that cannot be read",
        "entitlements period close --vendor assist-1": "cannot be closed",
        "entitlements export settlement --vendor dental-1": "it has no settlement yet",
    },
    "README.md": {},
}
"""Commands that a guide shows being refused, or that follow what a person does between them."""


def commands_of(document: str) -> list[str]:
    """The commands that stand in a document on lines of their own, and what they need."""
    lines = (ROOT / document).read_text(encoding="utf-8").splitlines()
    found = [line.strip().removeprefix(".venv/bin/") for line in lines if line.startswith("    ")]
    return [each for each in found if each.startswith(("LAST=", "entitlements "))]


@pytest.mark.parametrize("document", REFUSED)
def test_the_commands_of_a_guide_do_what_it_says(document: str, tmp_path: Path) -> None:
    service = Service(tmp_path / "data")
    try:
        service.start("--demo")
        ran, last = [], "true"
        for command in commands_of(document):
            if command.startswith("LAST="):
                last = command
                continue
            script = f"{COMMAND}\n{last}\n{command.replace('.data/', f'{service.folder}/')}"
            done = subprocess.run(
                ["bash", "-uc", script],
                cwd=tmp_path,
                env=service.environment,
                capture_output=True,
                text=True,
                timeout=120,
                check=False,
            )
            refused = [why for begin, why in REFUSED[document].items() if command.startswith(begin)]
            assert done.returncode == bool(refused), (command, done.stdout, done.stderr)
            assert all(why in done.stdout + done.stderr for why in refused), (
                command,
                done.stdout,
                done.stderr,
            )
            assert "Traceback" not in done.stderr
            ran.append(command)
        assert len(ran) > 1
    finally:
        service.clear()
