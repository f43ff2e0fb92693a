"""The vendor is reached over TLS: the proofs about what was sent hold there too."""

from __future__ import annotations

import datetime
import ipaddress
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from prefdrop.mypreferences import Client, NoAnswer, NotSent
from tests.unit.mypreferences.scripted_vendor import (
    ScriptedVendor,
    answer,
    found_alive_too_early,
    http,
    keep_silent,
    reset,
    trickle,
)
from tests.workbench import PATIENCE

STAGED = {"AccessToken": 704418, "Status": "Staging", "TotalRecordsReceived": 1}


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate for 127.0.0.1 and its key in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "scripted vendor")])
    now = datetime.datetime.now(datetime.UTC)
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "vendor.pem"
    pem = serialization.Encoding.PEM
    file.write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + signed.public_bytes(pem)
    )
    return file


@pytest.fixture
def tls_vendor(certificate: Path) -> Iterator[ScriptedVendor]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    scripted = ScriptedVendor(tls=context)
    yield scripted
    scripted.close()


@pytest.fixture
def tls_client(
    tls_vendor: ScriptedVendor, certificate: Path, make_client: Callable[..., Client]
) -> Client:
    session = requests.Session()
    session.verify = str(certificate)
    return make_client(base_url=tls_vendor.url, session=session)


def test_a_body_of_the_largest_size_arrives_whole_over_one_connection(
    tls_vendor: ScriptedVendor, tls_client: Client
) -> None:
    body = bytes(range(256)) * 97_656
    tls_vendor.script(answer(200, STAGED), answer(200, STAGED))

    for _ in range(2):
        tls_client.imports.stage("704418", body, timeout=PATIENCE)

    assert [request.body == body for request in tls_vendor.received] == [True, True]
    assert tls_vendor.connections == 1


@pytest.mark.parametrize("behaviour", [reset(), keep_silent, trickle])
def test_a_lost_answer_is_unclear(
    tls_vendor: ScriptedVendor,
    tls_client: Client,
    behaviour: Callable[..., None],
) -> None:
    tls_vendor.script(behaviour)

    with pytest.raises(NoAnswer):
        tls_client.imports.stage("704418", b"{}", timeout=1.5)


def test_a_reset_pooled_connection_is_proved_to_have_sent_nothing(
    tls_vendor: ScriptedVendor, tls_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    tls_vendor.script(reset(http(200, STAGED)))
    tls_client.imports.stage("704418", b"{}", timeout=PATIENCE)
    monkeypatch.setattr("urllib3.connectionpool.is_connection_dropped", found_alive_too_early)

    with pytest.raises(NotSent):
        tls_client.imports.stage("704418", b"{}", timeout=PATIENCE)


def test_an_untrusted_certificate_means_not_sent_and_says_why(
    tls_vendor: ScriptedVendor, make_client: Callable[..., Client]
) -> None:
    client = make_client(base_url=tls_vendor.url)

    with pytest.raises(
        NotSent, match=r"TLS with 127\.0\.0\.1:\d+ failed \(self.signed certificate"
    ):
        client.imports.stage("704418", b"{}", timeout=PATIENCE)

    assert tls_vendor.received == []
