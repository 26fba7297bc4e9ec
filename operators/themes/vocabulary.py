"""The words behind salted term hashes, kept only once several people have used them.

A word that fewer than ``PEOPLE`` data subjects have used is never written anywhere: it may be a name that
redaction missed. State holds hashes and salted subjects; the words themselves are sealed under the tenant's
key.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from itertools import filterfalse
from typing import Any

from contracts.feedback import TENANT_SUBJECT, Sealed
from operators.ports import Vault
from operators.state import Table

PEOPLE = 3
"""Data subjects that must have used a term before it may be shown."""

# Terms waiting for more people, and terms known; the oldest are forgotten first. Bounds the state of a tenant
# whose users write ever new words to about 20 MB.
CANDIDATES = 20_000
KNOWN = 50_000


class Vocabulary:
    """Terms of one tenant by hash; ``candidates`` and ``words`` are the bulk state."""

    def __init__(self, tenant: str, vault: Vault) -> None:
        self._tenant = tenant
        self._vault = vault
        self._salt = bytes.fromhex(vault.digest(tenant, b"terms"))
        self._count = 0
        # hash → [order of arrival, subject, subject …]
        self.candidates: Table[list[Any]] = Table()
        # hash → [order of arrival, term]; the term is sealed on its way to the state log.
        self.words: Table[tuple[int, str]] = Table(self._seal, self._open)
        # The words by hash as it is: asked for several times of every concern.
        self._known: dict[int, str] = {}
        # Of each term its hash. Not in order of use as an ``lru_cache`` is: every hit would touch memory all over.
        self._hashes: dict[str, int] = {}
        self._age: dict[str, dict[str, None]] = {"candidates": {}, "words": {}}

    def learn(self, terms: Sequence[str], subject: str) -> tuple[int, ...]:
        """The hashes of a text's terms; notes that this subject used them."""
        try:
            hashes = tuple(map(self._hashes.__getitem__, terms))
        except KeyError:
            hashes = tuple(map(self._hash, terms))
        if not all(map(self._known.__contains__, hashes)):
            term_of, who = dict(zip(hashes, terms, strict=True)), subject[:12]
            for name in filterfalse(self._known.__contains__, hashes):
                self._note(name, term_of[name], who)
        return hashes

    def word(self, name: int) -> str | None:
        """The term of a hash, None while too few people have used it."""
        return self._known.get(name)

    def knows(self, term: str) -> bool:
        """Whether enough people have used a term."""
        return self._hash(term) in self._known

    def finish_load(self) -> None:
        """Restore the order in which terms are forgotten."""
        ages = [(self.candidates[key][0], key) for key in self.candidates]
        self._age["candidates"] = {key: None for _, key in sorted(ages)}
        known = [(self.words[key][0], key) for key in self.words]
        self._known = {int(key, 16): self.words[key][1] for key in self.words}
        self._age["words"] = {key: None for _, key in sorted(known)}
        self._count = 1 + max((age for age, _ in [*ages, *known]), default=-1)

    def _hash(self, term: str) -> int:
        known = self._hashes.get(term)
        if known is None:
            digest = blake2b(term.encode(), digest_size=8, key=self._salt).digest()
            if len(self._hashes) >= KNOWN:
                self._hashes.clear()
            known = self._hashes[term] = int.from_bytes(digest, "big")
        return known

    def _note(self, name: int, term: str, subject: str) -> None:
        key = f"{name:016x}"
        row = self.candidates.get(key)
        if row is None:
            self._remember("candidates", key, CANDIDATES)
            self.candidates.put(key, [self._next(), subject])
        elif subject in row[1:]:
            return
        elif len(row) < PEOPLE:
            self.candidates.put(key, [*row, subject])
        else:
            self.candidates.drop(key)
            del self._age["candidates"][key]
            self._remember("words", key, KNOWN)
            self.words.put(key, (self._next(), term))
            self._known[name] = term

    def _remember(self, table: str, key: str, most: int) -> None:
        ages = self._age[table]
        ages[key] = None
        if len(ages) > most:
            oldest = next(iter(ages))
            del ages[oldest]
            (self.candidates if table == "candidates" else self.words).drop(oldest)
            self._known.pop(int(oldest, 16), None)

    def _next(self) -> int:
        self._count += 1
        return self._count - 1

    def _seal(self, row: tuple[int, str]) -> list[Any]:
        sealed = self._vault.seal(self._tenant, TENANT_SUBJECT, row[1].encode())
        return [row[0], sealed.nonce, sealed.ciphertext]

    def _open(self, row: list[Any]) -> tuple[int, str]:
        sealed = Sealed(subject=TENANT_SUBJECT, nonce=row[1], ciphertext=row[2])
        opened = self._vault.open(self._tenant, sealed)
        return row[0], (opened or b"").decode()
