"""Whose certificate is trusted: the usual authorities', or those of a file; else a person is told what to set."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from connectors.llm.openai import OpenAIProvider
from models.llm.errors import Misconfigured
from tests.support.llm import LABEL, a_call
from tests.support.model_vendors import Server, account_at, vendor


@pytest.fixture(scope="module")
def own_authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with a certificate for loopback that signed itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "loopback")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    told = certificate.public_bytes(serialization.Encoding.PEM) + key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = tmp_path_factory.mktemp("tls") / "own.pem"
    path.write_bytes(told)
    return path


@pytest.fixture
def server(own_authority: Path) -> Iterator[Server]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(own_authority)
    with vendor(LABEL, tls=context) as running:
        yield running


def ask(server: Server, ca_file: Path | None) -> str:
    provider = OpenAIProvider(replace(account_at(server), ca_file=ca_file))
    try:
        return provider.ask(a_call(deadline_s=30.0)).text
    finally:
        provider.close()


def test_a_certificate_of_nobody_known_is_not_trusted_and_the_setting_is_named(server: Server) -> None:
    with pytest.raises(Misconfigured, match="certificate that is not trusted; set UNDERCURRENT_LLM_CA_FILE"):
        ask(server, None)
    assert server.asked == []


def test_a_networks_own_authority_is_trusted_when_it_is_named(server: Server, own_authority: Path) -> None:
    assert ask(server, own_authority) == LABEL


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_a_file_without_certificates_is_named(server: Server, tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_text(content)
    with pytest.raises(Misconfigured, match=r"ca\.pem holds no certificates"):
        ask(server, path)
