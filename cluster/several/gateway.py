"""The shipped gateway (`cluster/gateway/haproxy.cfg`) in front of the nodes of this machine, with a certificate made
for it."""

from __future__ import annotations

import asyncio
import ipaddress
import os
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from cluster.several.network import Namespace
from cluster.several.ray_node import end_with_parent

CONFIGURATION = Path(__file__).parent.parent / "gateway" / "haproxy.cfg"
_LIFETIME = timedelta(days=30)
_STOP_SECONDS = 5.0
_SERVICES = """\
frontend services
    bind {}
    option forwardfor
    http-request disable-l7-retry unless {{ method GET HEAD OPTIONS }} or {{ req.hdr(idempotency-key) -m found }}
    http-request disable-l7-retry if {{ path_beg /v1/ }}
    default_backend nodes
"""
# A node that says it is busy or on its way out gets nothing new, and what flows through it goes on; one that says
# nothing is gone, and with it what flows through it.
_BACKEND = """\
backend nodes
    balance leastconn
    option httpchk GET /-/healthz
    http-check expect status 200 error-status L7OKC
    default-server check inter 1s fall 2 rise 2 on-marked-down shutdown-sessions
"""


def nodes_file(members: Sequence[Namespace], port: int, services: str) -> str:
    """The second configuration file: which nodes there are, and the address at which they reach services."""
    lines = [f"    server {member.name} {member.address}:{port}" for member in members]
    return _SERVICES.format(services) + _BACKEND + "\n".join(lines) + "\n"


def make_certificate(path: Path, authority: Path, host: str) -> None:
    """A certificate for `host`, a name or an address, signed by itself; key and certificate into `path`, the
    certificate alone into `authority` for clients to trust."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Azora on several nodes")])
    alternative: x509.GeneralName = x509.DNSName(host)
    with suppress(ValueError):
        alternative = x509.IPAddress(ipaddress.ip_address(host))
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + _LIFETIME)
        .add_extension(x509.SubjectAlternativeName([alternative]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    public = certificate.public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.touch(mode=0o600)
    path.write_bytes(private + public)
    authority.write_bytes(public)


class Gateway:
    """HAProxy with the shipped configuration, listening on `host:port`, and for the nodes on `services`."""

    def __init__(self, haproxy: Path, directory: Path, log: Path, host: str, port: int, services: str) -> None:
        self.url = f"https://{host}:{port}"
        self.authority = directory / "authority.pem"
        self._haproxy = haproxy
        self._directory = directory
        self._log = log
        self._host = host
        self._port = port
        self._services = services
        self._process: asyncio.subprocess.Process | None = None

    async def start(self, members: Sequence[Namespace], node_port: int) -> None:
        """Write what it needs and start it."""
        self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        certificate, nodes = self._directory / "tls.pem", self._directory / "nodes.cfg"
        make_certificate(certificate, self.authority, self._host)
        nodes.write_text(nodes_file(members, node_port, self._services))
        environment = {**os.environ, "LISTEN": f"{self._host}:{self._port}", "CERTIFICATE": str(certificate)}
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                str(self._haproxy), "-db", "-f", str(CONFIGURATION), "-f", str(nodes),
                env=environment, stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                preexec_fn=end_with_parent,
            )  # fmt: skip

    async def stop(self) -> None:
        """End it at once: nobody is served behind it any more."""
        if self._process is not None and self._process.returncode is None:
            self._process.terminate()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._process.wait(), _STOP_SECONDS)
