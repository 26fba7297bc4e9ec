"""The properties of a Kafka cluster as Faust wants them: TLS and SASL out of librdkafka's names."""

from __future__ import annotations

import ssl
from collections.abc import Mapping

from faust.auth import Credentials, SASLCredentials, SSLCredentials

from contracts.errors import WrongUsage

_TLS = frozenset({"ssl", "sasl_ssl"})
_SASL = frozenset({"sasl_plaintext", "sasl_ssl"})


def credentials_of(properties: Mapping[str, str]) -> Credentials | None:
    """What a client has to show; None for a cluster that wants nothing.

    Raises ``WrongUsage`` for a protocol or mechanism that this client does not speak.
    """
    protocol = properties.get("security.protocol", "plaintext").lower()
    if protocol not in _TLS | _SASL | {"plaintext"}:
        raise WrongUsage(f"security.protocol {protocol}: say plaintext, ssl, sasl_plaintext or sasl_ssl")
    context = _context(properties) if protocol in _TLS else None
    if protocol in _SASL:
        mechanism = properties.get("sasl.mechanism") or properties.get("sasl.mechanisms") or "PLAIN"
        try:
            return SASLCredentials(
                username=properties.get("sasl.username"),
                password=properties.get("sasl.password"),
                ssl_context=context,
                mechanism=mechanism.upper(),
            )
        except ValueError:
            raise WrongUsage(
                f"sasl.mechanism {mechanism}: the edge speaks PLAIN, SCRAM-SHA-256 and SCRAM-SHA-512"
            ) from None
    return SSLCredentials(context) if context is not None else None


def _context(properties: Mapping[str, str]) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=properties.get("ssl.ca.location"))
        if certificate := properties.get("ssl.certificate.location"):
            context.load_cert_chain(
                certificate, properties.get("ssl.key.location"), properties.get("ssl.key.password")
            )
    except OSError as exc:
        raise WrongUsage(f"a file of the cluster's TLS settings: {exc.strerror or exc}") from exc
    return context
