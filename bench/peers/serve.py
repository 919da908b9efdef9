"""Serves a peer that is written in Python, on uvicorn as our service is.

    DATABASE_URL=… python -m bench.peers.serve bench.peers.json_agg

The module has an ASGI application `app`.
"""

import socket
import sys
from importlib import import_module

import uvicorn


def main() -> None:
    """Serve on a free port, and say on which."""
    app = import_module(sys.argv[1]).app
    listener = socket.create_server(("127.0.0.1", 0))
    print(f"listening on {listener.getsockname()[1]}", flush=True)
    config = uvicorn.Config(app, log_level="warning", access_log=False, server_header=False, ws="none")
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main()
