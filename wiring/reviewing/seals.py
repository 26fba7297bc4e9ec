"""Texts as a file of ours keeps them: sealed under the key of whom they are about, so that an erasure reaches them."""

from __future__ import annotations

from dataclasses import dataclass

from connectors.keys.vault import LocalVault
from contracts.feedback import Sealed


@dataclass(frozen=True, slots=True)
class Seals:
    """Seals and opens with the keys of a vault."""

    vault: LocalVault

    def seal(self, tenant: str, subject: str, said: bytes) -> str | None:
        """What may be kept of ``said``; None if whom it is about was erased since."""
        try:
            return self.vault.seal(tenant, subject, said).model_dump_json()
        except KeyError:
            return None

    def opened(self, tenant: str, sealed: str) -> bytes | None:
        """What ``seal`` was given; None if whom it is about was erased since."""
        return self.vault.open(tenant, Sealed.model_validate_json(sealed))
