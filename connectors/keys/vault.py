"""The embedded vault: a master key file, and one wrapped AES-256 key per data subject in SQLite.

Layout: ``master.key`` (32 random bytes as base64, mode 0600), ``subjects.sqlite3`` and ``master.lock``, empty, for
those who make the first one at the same time. A tenant's keys are derived from the master key (HKDF-SHA-256, RFC
5869); a subject's key is random and wrapped by its tenant's key (AES key wrap, RFC 3394). Destroying the row destroys
every text sealed under it, in every topic.

Sealing is AES-256-GCM. The nonce is an HMAC of the plaintext under a key derived from the subject's key, so
the same input seals to the same bytes (a replay is compared byte by byte) and no nonce meets two plaintexts.
"""

from __future__ import annotations

import base64
import hmac
import os
import secrets
import sqlite3
from binascii import a2b_base64, b2a_base64
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, lru_cache
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap

from connectors.durable import sync_directory
from connectors.holding import in_turn
from connectors.sqlite import emptied_log, opened, sqlite_errors, transaction
from contracts.errors import RetryLater, StateCorrupt, WrongUsage
from contracts.feedback import DEAD_LETTER_SUBJECT, TENANT_SUBJECT, Sealed

KEY_BYTES = 32
NONCE_BYTES = 12
# Subjects that stand for the tenant itself: undecodable bodies, and words that many people have used.
TENANT_SUBJECTS = (DEAD_LETTER_SUBJECT, TENANT_SUBJECT)

RETRY_S = 5.0
"""Seconds after which a disk that took no key may take it."""
# Opened subject keys kept in memory. A process meets a few thousand authors between restarts of a cache line;
# one entry is about 1 kB.
CACHED_SUBJECTS = 20_000

# Subjects that one question to the database names, below SQLite's bound of old (999).
_ASKED_AT_ONCE = 900


@dataclass(frozen=True, slots=True)
class _TenantKeys:
    wrap: bytes
    hash: bytes
    own: dict[str, bytes]


class _SubjectCipher:
    """What opens and seals a subject's texts."""

    def __init__(self, key: bytes) -> None:
        self.aead = AESGCM(key)
        self._key = key

    @cached_property
    def nonce_key(self) -> bytes:
        """What nonces are made with; derived when a text is sealed, because most stages only open."""
        return _derive(self._key, "nonce")


def _derive(key: bytes, purpose: str) -> bytes:
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=purpose.encode()).derive(key)


def _create_master(path: Path) -> None:
    """A new key, whole or not at all; of several that begin at once, threads or containers, the first one's stays."""
    with in_turn(path.with_suffix(".lock")):
        if path.exists():
            return
        fresh = path.with_suffix(".new")
        fresh.unlink(missing_ok=True)  # of one who died here
        fd = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(fd, "wb") as file:
            file.write(base64.b64encode(secrets.token_bytes(KEY_BYTES)) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
        sync_directory(path.parent)


def _read_or_create_master(path: Path, subjects: Path) -> bytes:
    # Asked in this order: another that begins now makes the key first, and the subjects under it.
    has_subjects = subjects.exists()
    if not path.exists():
        if has_subjects:
            raise StateCorrupt(
                f"{path} is missing, and without it no text opens; restore it from your backup"
            )
        _create_master(path)
    if path.stat().st_mode & 0o077:
        raise WrongUsage(f"{path} can be read by others; run: chmod 600 {path}")
    try:
        key = base64.b64decode(path.read_bytes(), validate=False)
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise StateCorrupt(f"{path} does not hold a 256-bit key; restore it from your backup")
    return key


# ``destroyed``: whose key was destroyed, so that a text from before is known from an altered one.
_SCHEMA = """
CREATE TABLE IF NOT EXISTS subjects (
  tenant TEXT, subject TEXT, wrapped BLOB NOT NULL, PRIMARY KEY (tenant, subject)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS destroyed (
  tenant TEXT, subject TEXT, times INTEGER NOT NULL, PRIMARY KEY (tenant, subject)
) WITHOUT ROWID;
"""


def is_vault(directory: Path) -> bool:
    """Whether there are keys in a folder, or were."""
    return any((directory / name).exists() for name in ("master.key", "subjects.sqlite3"))


def fingerprint(directory: Path) -> str | None:
    """What tells the keys in a folder from others and tells nothing about them; None where there are none.

    Raises ``WrongUsage`` or ``StateCorrupt``, as opening them does.
    """
    if not is_vault(directory):
        return None
    master = _read_or_create_master(directory / "master.key", directory / "subjects.sqlite3")
    return _derive(master, "fingerprint")[:8].hex()


class LocalVault:
    """Vault on one machine; safe for one writer and many readers."""

    def __init__(self, directory: Path, *, make: bool = True) -> None:
        """Open the keys in a folder, or ``make`` them. Raises ``WrongUsage``, ``StateCorrupt`` or ``StopWorker``."""
        if not make and not is_vault(directory):
            raise WrongUsage(
                f"{directory}: no keys are there; name the folder that the stages share with --data"
            )
        subjects = directory / "subjects.sqlite3"
        self._master = _read_or_create_master(directory / "master.key", subjects)
        # Opened in one thread and used in another, but never in two: an engine runs its workers in threads of its own.
        # A key must be on disk before the first text sealed under it is.
        with sqlite_errors(subjects, "restore it from your backup"):
            self._db = opened(subjects, _SCHEMA)
            self._check_master(directory / "master.key")
        self._tenant_keys = lru_cache(maxsize=1024)(self._derive_tenant_keys)
        self._ciphers: dict[tuple[str, str], _SubjectCipher] = {}
        self._version = self._db.cursor()  # asked before most texts: a cursor of its own saves making one
        self._is_one_moment = False
        self._data_version = self._pragma_data_version()
        self._destructions = self._count_destructions()

    def close(self) -> None:
        """Let go of the key database."""
        self._db.close()

    def subject(self, tenant: str, value: str) -> str:
        """The salted hash (128 bits, hex) of a personal identifier."""
        return hmac.digest(self._tenant_keys(tenant).hash, b"subject\x1f" + value.encode(), sha256).hex()[:32]

    def digest(self, tenant: str, content: bytes) -> str:
        """A hash (128 bits, hex) of content under the tenant's key."""
        return hmac.digest(self._tenant_keys(tenant).hash, b"content\x1f" + content, sha256).hex()[:32]

    def ensure(self, tenant: str, subjects: Iterable[str]) -> None:
        """Make keys for the subjects that have none; durable when this returns. Raises ``RetryLater``."""
        self.ensure_all((tenant, subject) for subject in subjects)

    def ensure_all(self, subjects: Iterable[tuple[str, str]]) -> None:
        """As ``ensure``, for ``(tenant, subject)`` pairs of any tenants, in one transaction. Raises ``RetryLater``."""
        if not self._is_one_moment:
            self._forget_destroyed()
        new = self._look_up(subjects)
        if not new:
            return
        keys = {(tenant, s): secrets.token_bytes(KEY_BYTES) for tenant, some in new.items() for s in some}
        with self._writing():
            # Another process may have been faster: its keys count, and ours of those are forgotten.
            there = {(tenant, s) for tenant, some in new.items() for s in self._wrapped(tenant, some)}
            made = [one for one in keys if one not in there]
            rows = [(t, s, aes_key_wrap(self._tenant_keys(t).wrap, keys[t, s])) for t, s in made]
            self._db.executemany("INSERT INTO subjects VALUES (?, ?, ?)", rows)
        for tenant, subject in made:
            self._keep(tenant, subject, keys[tenant, subject])

    def _look_up(self, subjects: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
        """Open the keys of these, some at once; returns who has none, by tenant."""
        wanted: dict[str, list[str]] = {}
        for tenant, subject in sorted(set(subjects)):
            if subject not in TENANT_SUBJECTS and (tenant, subject) not in self._ciphers:
                wanted.setdefault(tenant, []).append(subject)
        lacking: dict[str, list[str]] = {}
        for tenant, some in wanted.items():
            there = self._wrapped(tenant, some)
            for subject, wrapped in there.items():
                self._keep(tenant, subject, self._unwrapped(tenant, subject, wrapped))
            if len(there) < len(some):
                lacking[tenant] = [subject for subject in some if subject not in there]
        return lacking

    def destroy(self, tenant: str, subject: str) -> bool:
        """Destroy a subject's key, and so every text of theirs; False if there was none. Raises ``RetryLater``.

        It is gone from the disk too: processes that hold the file open for weeks would keep it in there, or in its log.
        Where another one is in the way of that for long, the next destruction, or this one given again, does it.
        """
        self._ciphers.pop((tenant, subject), None)
        with self._writing():
            gone = self._db.execute(
                "DELETE FROM subjects WHERE tenant = ? AND subject = ?", (tenant, subject)
            ).rowcount
            if gone:
                self._db.execute(
                    "INSERT INTO destroyed VALUES (?, ?, 1) ON CONFLICT DO UPDATE SET times = times + 1",
                    (tenant, subject),
                )
        emptied_log(self._db)
        return gone > 0

    def was_destroyed(self, tenant: str, subject: str) -> bool:
        """Whether a key of the subject was ever destroyed."""
        asked = "SELECT 1 FROM destroyed WHERE tenant = ? AND subject = ?"
        return self._db.execute(asked, (tenant, subject)).fetchone() is not None

    def seal(self, tenant: str, subject: str, plaintext: bytes) -> Sealed:
        """Encrypt under the subject's key. Raises ``KeyError`` when the subject has no key."""
        cipher = self._cipher(tenant, subject)
        if cipher is None:
            raise KeyError(f"no key for subject {subject} of tenant {tenant}")
        nonce = hmac.digest(cipher.nonce_key, plaintext, sha256)[:NONCE_BYTES]
        sealed = cipher.aead.encrypt(nonce, plaintext, _bound_to(tenant, subject))
        return Sealed.made(
            subject=subject,
            nonce=b2a_base64(nonce, newline=False).decode("ascii"),
            ciphertext=b2a_base64(sealed, newline=False).decode("ascii"),
        )

    def open(self, tenant: str, sealed: Sealed) -> bytes | None:
        """The plaintext, or None when the subject's key was destroyed. Raises ``StateCorrupt``."""
        cipher = self._cipher(tenant, sealed.subject)
        if cipher is None:
            return None
        try:
            nonce = a2b_base64(sealed.nonce, strict_mode=True)
            ciphertext = a2b_base64(sealed.ciphertext, strict_mode=True)
            return cipher.aead.decrypt(nonce, ciphertext, _bound_to(tenant, sealed.subject))
        except (InvalidTag, ValueError):
            if self._was_destroyed(tenant, sealed.subject):
                return None  # sealed before that, and the same person has written again since
            raise StateCorrupt(
                f"a text of subject {sealed.subject} does not open with its key: wrong key store, or altered bytes"
            ) from None

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """A transaction; ``RetryLater`` where the disk takes nothing or another process holds the file for too long."""
        try:
            with transaction(self._db):
                yield
        except sqlite3.OperationalError as exc:
            raise RetryLater(f"keys: {exc}; free space or fix the rights", retry_after_s=RETRY_S) from exc

    @contextmanager
    def at_once(self, subjects: Iterable[tuple[str, str]] = ()) -> Iterator[None]:
        """What is sealed and opened inside counts as one moment: others' destructions are looked for once, before.

        The keys of ``subjects``, pairs of tenant and subject, are looked up together.
        """
        self._forget_destroyed()
        self._is_one_moment = True
        try:
            self._look_up(subjects)
            yield
        finally:
            self._is_one_moment = False

    def _check_master(self, path: Path) -> None:
        """Raise ``StateCorrupt`` when the subjects' keys were made under another master key."""
        self._db.execute("CREATE TABLE IF NOT EXISTS master (fingerprint TEXT PRIMARY KEY) WITHOUT ROWID")
        ours = _derive(self._master, "fingerprint").hex()[:32]
        row = self._db.execute("SELECT fingerprint FROM master").fetchone()
        if row is None:
            self._db.execute("INSERT OR IGNORE INTO master VALUES (?)", (ours,))
        elif row[0] != ours:
            raise StateCorrupt(f"{path} is not the key that this store was made with; restore the right one")

    def _pragma_data_version(self) -> int:
        found: int = self._version.execute("PRAGMA data_version").fetchone()[0]
        return found

    def _count_destructions(self) -> int:
        return int(self._db.execute("SELECT coalesce(sum(times), 0) FROM destroyed").fetchone()[0])

    def _was_destroyed(self, tenant: str, subject: str) -> bool:
        asked = "SELECT 1 FROM destroyed WHERE tenant = ? AND subject = ?"
        return self._db.execute(asked, (tenant, subject)).fetchone() is not None

    def _forget_destroyed(self) -> None:
        """Let go of opened keys when another process has destroyed any; ``data_version`` is a cheap look."""
        version = self._pragma_data_version()
        if version == self._data_version:
            return
        self._data_version = version
        count = self._count_destructions()
        if count != self._destructions:
            self._destructions = count
            self._ciphers.clear()

    def _derive_tenant_keys(self, tenant: str) -> _TenantKeys:
        root = _derive(self._master, f"tenant {tenant}")
        return _TenantKeys(
            _derive(root, "wrap"),
            _derive(root, "hash"),
            {name: _derive(root, name) for name in TENANT_SUBJECTS},
        )

    def _wrapped(self, tenant: str, subjects: Sequence[str]) -> dict[str, bytes]:
        """The wrapped keys of those that have one."""
        there: dict[str, bytes] = {}
        for start in range(0, len(subjects), _ASKED_AT_ONCE):
            some = subjects[start : start + _ASKED_AT_ONCE]
            marks = ",".join("?" * len(some))
            asked = f"SELECT subject, wrapped FROM subjects WHERE tenant = ? AND subject IN ({marks})"  # noqa: S608 - question marks alone
            there.update(self._db.execute(asked, (tenant, *some)))
        return there

    def _cipher(self, tenant: str, subject: str) -> _SubjectCipher | None:
        if not self._is_one_moment and subject not in TENANT_SUBJECTS:  # a tenant's own keys last
            self._forget_destroyed()
        known = self._ciphers.get((tenant, subject))
        if known is not None:
            return known
        if subject in TENANT_SUBJECTS:
            return self._keep(tenant, subject, self._tenant_keys(tenant).own[subject])
        self._look_up([(tenant, subject)])
        return self._ciphers.get((tenant, subject))

    def _keep(self, tenant: str, subject: str, key: bytes) -> _SubjectCipher:
        if len(self._ciphers) >= CACHED_SUBJECTS:
            self._ciphers.clear()
        cipher = self._ciphers[tenant, subject] = _SubjectCipher(key)
        return cipher

    def _unwrapped(self, tenant: str, subject: str, wrapped: bytes) -> bytes:
        try:
            return aes_key_unwrap(self._tenant_keys(tenant).wrap, wrapped)
        except InvalidUnwrap:
            raise StateCorrupt(
                f"the key of subject {subject} was wrapped by another master key; restore the right master.key"
            ) from None


def _bound_to(tenant: str, subject: str) -> bytes:
    return f"{tenant}\x1f{subject}".encode()
