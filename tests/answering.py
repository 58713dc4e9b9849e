"""A server of HTTP that says one thing."""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler


def always(body: bytes) -> type[BaseHTTPRequestHandler]:
    """What answers every GET with 200 and this body, and writes no log."""

    class Answering(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None: ...

    return Answering
