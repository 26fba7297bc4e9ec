"""What steps ask of the outside world, as protocols; ``wiring`` says who answers."""

from __future__ import annotations

from typing import Protocol

from contracts.feedback import Sealed


class Vault(Protocol):
    """Keys of data subjects: hashes that cannot be read back, and sealing under a subject's key."""

    def subject(self, tenant: str, value: str) -> str:
        """The salted hash of a personal identifier: same input, same hash; not to be read back."""
        ...

    def digest(self, tenant: str, content: bytes) -> str:
        """A hash of content under the tenant's key."""
        ...

    def seal(self, tenant: str, subject: str, plaintext: bytes) -> Sealed:
        """Encrypt under the subject's key. Raises ``KeyError`` when the subject has no key."""
        ...

    def open(self, tenant: str, sealed: Sealed) -> bytes | None:
        """The plaintext, or None when the subject's key was destroyed. Raises ``StateCorrupt``."""
        ...


DEAD_LETTER_SUBJECT = "dead-letter"
"""Bodies that cannot be decoded belong to nobody yet: they are sealed under the tenant's own key."""
