"""Serve the demo portfolio from a folder of its own, and audit it.

python -m tests.audit graphql-http               the audits of the npm package, installed in tests/audit
python -m tests.audit schemathesis COMMAND S     random operations, S seconds for each role
"""

import os
import subprocess
import sys
from pathlib import Path

from schema.context import Role
from tests.served import Service, serving

HERE = Path(__file__).parent
SDL = HERE.parents[1] / "schema.graphql"
CLAIMS = {Role.VENDOR: {"vendor": "exam-1"}}


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def graphql_http(service: Service, url: str) -> bool:
    command = ["node", str(HERE / "graphql_http.mjs"), url, service.token(Role.FRONTEND)]
    return subprocess.run(command, check=False).returncode == 0


def schemathesis(service: Service, url: str, command: str, seconds: str) -> bool:
    passed = []
    environment = {**os.environ, "SCHEMATHESIS_HOOKS": "schemathesis_hooks", "PYTHONPATH": str(HERE)}
    for role in Role:
        say(f"--- role {role.value}")
        token = service.token(role, **CLAIMS.get(role, {}))
        options = ["--config-file", str(HERE / "schemathesis.toml"), "run", str(SDL), "--url", url]
        options += ["--header", f"Authorization: Bearer {token}", "--phases", "fuzzing", "--no-color"]
        options += ["--checks", "is_no_fault_of_the_service", "--continue-on-failure", "--max-time", seconds]
        options += ["--warnings", "off"]
        ended = subprocess.run([command, *options], env=environment, cwd=service.folder, check=False)
        passed.append(ended.returncode == 0)
    return all(passed)


AUDITS = {"graphql-http": graphql_http, "schemathesis": schemathesis}


def main() -> None:
    audit, *options = sys.argv[1:]
    with serving() as service:
        # A random operation is to be judged by what it does, not to be told to wait.
        for budget in ("CALLER", "VENDOR", "LOOK_UPS"):
            service.environment[f"ENTITLEMENTS_BUDGET_{budget}"] = "0"
        service.start("--demo")
        good = AUDITS[audit](service, f"http://127.0.0.1:{service.port}/graphql", *options)
        if "Traceback" in service.said() or '"code": "INTERNAL"' in service.said():
            say(service.said())
            good = False
    sys.exit(not good)


if __name__ == "__main__":
    main()
