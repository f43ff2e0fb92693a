"""Lets containers reach servers of this machine, which listen on loopback only.

A relay listens where containers see their host, for as long as a test runs, and hands each
connection on. The vendor is reached over TLS, as it must be anywhere but on loopback.
"""

from __future__ import annotations

import contextlib
import datetime
import ipaddress
import socket
import socketserver
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

HOST_NAME = "host.docker.internal"
BLOCK = 1 << 16


class _Relay(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, address: str, target: tuple[str, int], tls: ssl.SSLContext | None) -> None:
        self.target = target
        self.tls = tls
        super().__init__((address, 0), _Connection)

    def handle_error(self, request: object, client_address: object) -> None:
        """A connection that breaks is the test's own affair."""


class _Connection(socketserver.BaseRequestHandler):
    server: _Relay

    def handle(self) -> None:
        near: socket.socket = self.request
        if self.server.tls is not None:
            near = self.server.tls.wrap_socket(near, server_side=True)
        with near, socket.create_connection(self.server.target) as far:
            back = threading.Thread(target=_pump, args=(far, near), daemon=True)
            back.start()
            _pump(near, far)
            back.join()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    """Hand on what comes until the source says that nothing more will."""
    with contextlib.suppress(OSError):
        while block := source.recv(BLOCK):
            sink.sendall(block)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


@contextlib.contextmanager
def relay(address: str, port: int, tls: ssl.SSLContext | None = None) -> Iterator[int]:
    """A relay from `address` to `port` on loopback; yields the port it listens on."""
    server = _Relay(address, ("127.0.0.1", port), tls)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield int(server.server_address[1])
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def make_certificate(folder: Path, address: str) -> tuple[ssl.SSLContext, Path]:
    """A certificate of this machine's own for containers to trust: server side and CA file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST_NAME)])
    now = datetime.datetime.now(datetime.UTC)
    names = [x509.DNSName(HOST_NAME), x509.IPAddress(ipaddress.ip_address(address))]
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate, secret = folder / "ca.pem", folder / "key.pem"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, secret)
    return context, certificate
