"""A real HTTP server on loopback in the place of a service that expects to hear of runs."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(slots=True)
class Pinged:
    """What it heard: path and body of each POST, in their order."""

    port: int
    heard: list[tuple[str, str]] = field(default_factory=list)

    @property
    def url(self) -> str:
        """The URL of a check; what is in it is a secret."""
        return f"http://127.0.0.1:{self.port}/secret-uuid"

    @property
    def paths(self) -> list[str]:
        """Where it was called."""
        return [path for path, _ in self.heard]


@contextmanager
def pinged(status: int = 200) -> Iterator[Pinged]:
    """Answers each POST with this status; with 0 it takes it and never answers."""
    ended = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            service.heard.append((self.path, body.decode("utf-8")))
            if not status:
                ended.wait()
                return
            self.send_response(status)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"OK")

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        service = Pinged(server.server_address[1])
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield service
        finally:
            ended.set()
            server.shutdown()
            thread.join()
