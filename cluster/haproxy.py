"""What Serve's HAProxy must do differently here, said in the one place where Serve lets itself be told.

Serve renders HAProxy's configuration from a template of its own before every start and reload, and starts the
program that `RAY_SERVE_HAPROXY_BINARY_PATH` names. That program is a launcher written here: it edits the fresh
configuration, then becomes HAProxy. The edits:

- statistics and metrics listen on loopback only, where Serve opens them to every interface;
- a request that no replica answered gets 503 with Retry-After and a problem document, where Serve says 500;
- a path whose application is still coming up gets the same 503, where Serve says 404;
- an exchange that broke before the first byte of the answer is repeated on another replica where that is safe:
  GET, HEAD and OPTIONS, and any request that carries an Idempotency-Key; for that a request is passed on as a whole, up
  to the size of a buffer (16 KiB);
- the client's address is appended to X-Forwarded-For, which rate limits per address need;
- a client that never finishes its headers is let go, and no datagram per request is sent to syslog.

HAProxy also ends with the Serve actor that started it; left to itself it would go on holding the port.

Configuration reference: HAProxy 2.8, sections 4.2 (errorfile, http-after-response, http-request, retry-on).
"""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

RETRY_AFTER_S = 1
REQUEST_HEADER_TIMEOUT_S = 15

_PROBLEM = json.dumps(
    {
        "type": "urn:azora:problem:unavailable",
        "title": "The service is starting or restarting",
        "status": 503,
        "detail": "Nothing was answered. Try again after the time that Retry-After gives.",
        "retriable": True,
    }
)


# prctl(2): option 1 is PR_SET_PDEATHSIG; it outlasts exec. A group of its own keeps Ctrl-C on a terminal from ending
# HAProxy at once, with requests in progress.
_END_WITH_PARENT = """\
import ctypes, os, signal, sys
ctypes.CDLL(None).prctl(1, signal.SIGKILL)
os.setpgid(0, 0)
if os.getppid() == 1:
    sys.exit("the process that started HAProxy is gone")
os.execv(sys.argv[1], sys.argv[1:])
"""


@dataclass(frozen=True, kw_only=True)
class HaproxyPolicy:
    """What the launcher enforces.

    `management_ports` are the statistics and metrics ports, bound to `management_host`; `route_prefixes` are those
    of every application that is meant to be there.
    """

    management_ports: tuple[int, ...]
    route_prefixes: tuple[str, ...]
    management_host: str = "127.0.0.1"


def write_launcher(directory: Path, haproxy: Path, policy: HaproxyPolicy) -> Path:
    """Write the launcher and the files it needs into `directory` and return the launcher's path."""
    page, body = directory / "503.http", directory / "503.json"
    page.write_bytes(unavailable_response())
    body.write_bytes(unavailable_body())
    edits = directory / "edits.sed"
    edits.write_text(edit_script(policy, page=page, body=body))
    leash = directory / "leash.py"
    leash.write_text(_END_WITH_PARENT)
    launcher = directory / "haproxy"
    launcher.write_text(launcher_script(edits, leash, haproxy))
    launcher.chmod(0o700)
    return launcher


def unavailable_body() -> bytes:
    """The problem document (RFC 9457) of a request that was not answered."""
    return _PROBLEM.encode("ascii")


def unavailable_headers() -> list[tuple[bytes, bytes]]:
    """Its response headers."""
    return [
        (b"content-type", b"application/problem+json"),
        (b"retry-after", b"%d" % RETRY_AFTER_S),
        (b"cache-control", b"no-store"),
        (b"content-length", b"%d" % len(_PROBLEM)),
    ]


def unavailable_response() -> bytes:
    """The same as a whole HTTP/1.1 answer."""
    head = b"".join(b"%s: %s\r\n" % header for header in unavailable_headers())
    return b"HTTP/1.1 503 Service Unavailable\r\n" + head + b"\r\n" + unavailable_body()


def edit_script(policy: HaproxyPolicy, *, page: Path, body: Path) -> str:
    """The sed script that turns Serve's configuration into ours."""
    return "\n".join(
        [
            *(rf"s/^\( *bind \)\**:{port}$/\1{policy.management_host}:{port}/" for port in policy.management_ports),
            rf"s|^\( *errorfile 50[234] \).*|\1{page}|",
            "/^ *log .* local0 info$/d",
            _append("defaults", f"timeout http-request {REQUEST_HEADER_TIMEOUT_S}s"),
            _append(
                "frontend http_frontend",
                "option forwardfor",
                "option http-buffer-request",
                "http-request disable-l7-retry unless { method GET HEAD OPTIONS } "
                "or { req.hdr(idempotency-key) -m found }",
                # Models' answers are neither repeatable nor cheap, whatever a client says.
                "http-request disable-l7-retry if { path_beg /v1/ }",
                f"http-after-response set-header retry-after {RETRY_AFTER_S} "
                "if { status 503 } !{ res.hdr(retry-after) -m found }",
            ),
            _append("backend default_backend", _not_there_yet(policy.route_prefixes, body)),
            "",
        ]
    )


def launcher_script(edits: Path, leash: Path, haproxy: Path) -> str:
    """A shell program that edits the files given with `-f` and then becomes HAProxy, keeping its process id.

    Serve waits for the process it started to answer on the admin socket, hence `exec`. An edit that fails ends
    it: an unedited HAProxy would listen where it must not.
    """
    python, editor, leashed, program = (shlex.quote(str(path)) for path in (sys.executable, edits, leash, haproxy))
    return f"""#!/bin/sh
set -eu
previous=
for argument in "$@"; do
    if [ "$previous" = -f ]; then sed -i -f {editor} "$argument"; fi
    previous=$argument
done
exec {python} -IS {leashed} {program} "$@"
"""


def _append(section: str, *lines: str) -> str:
    body = "\\\n".join(f"    {line}" for line in lines)
    return f"/^{section}$/a\\\n{body}"


def _not_there_yet(prefixes: Iterable[str], body: Path) -> str:
    return (
        f"http-request return status 503 content-type application/problem+json file {body} "
        f"hdr retry-after {RETRY_AFTER_S} if {{ path -m beg {' '.join(sorted(prefixes))} }}"
    )
