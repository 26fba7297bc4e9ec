"""Private keys for tests, made once a run: what Apple's and Salesforce's tokens are signed with."""

from __future__ import annotations

from functools import cache

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat


def _both(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> tuple[str, str]:
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return private.decode(), public.decode()


@cache
def p256() -> tuple[str, str]:
    """A private and a public key in PEM."""
    return _both(ec.generate_private_key(ec.SECP256R1()))


@cache
def rsa_2048() -> tuple[str, str]:
    """A private and a public key in PEM."""
    return _both(rsa.generate_private_key(public_exponent=65537, key_size=2048))
