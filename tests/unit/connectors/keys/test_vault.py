"""The vault: what is sealed opens for whoever has the key, and for nobody once it is gone."""

from __future__ import annotations

import base64
import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from connectors.keys.vault import LocalVault
from contracts.errors import RetryLater, StateCorrupt, WrongUsage
from contracts.feedback import TENANT_SUBJECT, Sealed


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[LocalVault]:
    vault = LocalVault(tmp_path)
    vault.ensure("acme", ["ann", "bob"])
    yield vault
    vault.close()


def again(tmp_path: Path) -> LocalVault:
    return LocalVault(tmp_path)


def test_the_master_key_is_for_its_owner_alone_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    LocalVault(tmp_path / "keys").close()
    os.umask(before)
    path = tmp_path / "keys" / "master.key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in path.parent.iterdir() if "new" in entry.name] == []


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644])
def test_a_master_key_that_others_can_read_is_refused(vault: LocalVault, tmp_path: Path, mode: int) -> None:
    (tmp_path / "master.key").chmod(mode)
    with pytest.raises(WrongUsage, match=r"chmod 600"):
        again(tmp_path)


def test_a_master_key_that_is_no_key_is_corrupt(vault: LocalVault, tmp_path: Path) -> None:
    (tmp_path / "master.key").write_text("short\n")
    with pytest.raises(StateCorrupt, match="does not hold a 256-bit key"):
        again(tmp_path)


def test_another_master_key_is_noticed_at_once(vault: LocalVault, tmp_path: Path) -> None:
    (tmp_path / "master.key").write_bytes(base64.b64encode(b"k" * 32))
    with pytest.raises(StateCorrupt, match="not the key that this store was made with"):
        again(tmp_path)


def test_a_master_key_that_was_lost_is_not_made_anew(vault: LocalVault, tmp_path: Path) -> None:
    (tmp_path / "master.key").unlink()
    with pytest.raises(StateCorrupt, match="is missing"):
        again(tmp_path)


def test_the_same_text_seals_to_the_same_bytes_in_every_process(vault: LocalVault, tmp_path: Path) -> None:
    sealed = vault.seal("acme", "ann", b"hello")
    assert again(tmp_path).seal("acme", "ann", b"hello") == sealed
    assert vault.seal("acme", "ann", b"hallo").nonce != sealed.nonce


def test_what_is_sealed_opens_and_does_not_show(vault: LocalVault) -> None:
    sealed = vault.seal("acme", "ann", b"hello")
    assert vault.open("acme", sealed) == b"hello"
    assert b"hello" not in base64.b64decode(sealed.ciphertext)


def test_the_same_text_of_two_subjects_looks_different(vault: LocalVault) -> None:
    assert vault.seal("acme", "ann", b"x").ciphertext != vault.seal("acme", "bob", b"x").ciphertext


def test_a_subject_without_a_key_seals_nothing(vault: LocalVault) -> None:
    with pytest.raises(KeyError):
        vault.seal("acme", "eve", b"x")


def test_the_tenant_s_own_subjects_need_no_key_and_differ_by_tenant(vault: LocalVault) -> None:
    sealed = vault.seal("acme", "dead-letter", b"x")
    assert vault.open("acme", sealed) == b"x"
    with pytest.raises(StateCorrupt):
        vault.open("beta", sealed)


def flipped(text: str) -> str:
    return ("B" if text[0] == "A" else "A") + text[1:]


@pytest.mark.parametrize(
    "harm",
    [
        {"ciphertext": "!!"},
        {"ciphertext": ""},
        {"nonce": "AAAA"},
        {"nonce": "not base64"},
        {"subject": "bob"},
        {"ciphertext": None},
        {"nonce": None},
    ],
)
def test_altered_bytes_are_corrupt_and_never_a_text(vault: LocalVault, harm: dict[str, str | None]) -> None:
    sealed = vault.seal("acme", "ann", b"hello")
    altered = {k: flipped(getattr(sealed, k)) if v is None else v for k, v in harm.items()}
    with pytest.raises(StateCorrupt):
        vault.open("acme", sealed.model_copy(update=altered))


def test_a_text_does_not_open_for_another_tenant(vault: LocalVault) -> None:
    vault.ensure("beta", ["ann"])
    with pytest.raises(StateCorrupt):
        vault.open("beta", vault.seal("acme", "ann", b"x"))


def test_a_destroyed_subject_opens_to_none_and_its_neighbour_still_opens(vault: LocalVault) -> None:
    of_ann, of_bob = vault.seal("acme", "ann", b"a"), vault.seal("acme", "bob", b"b")
    assert vault.destroy("acme", "ann")
    assert (vault.open("acme", of_ann), vault.open("acme", of_bob)) == (None, b"b")
    assert not vault.destroy("acme", "ann")


def test_a_key_destroyed_elsewhere_is_not_used_any_more(vault: LocalVault, tmp_path: Path) -> None:
    sealed = vault.seal("acme", "ann", b"a")
    other = again(tmp_path)
    other.destroy("acme", "ann")
    assert vault.open("acme", sealed) is None
    with pytest.raises(KeyError):
        vault.seal("acme", "ann", b"more")


def test_what_is_opened_at_once_is_one_moment_and_a_key_destroyed_in_it_is_gone_after(
    vault: LocalVault, tmp_path: Path
) -> None:
    sealed, other = vault.seal("acme", "ann", b"a"), again(tmp_path)
    with vault.at_once():
        other.destroy("acme", "ann")
        assert vault.open("acme", sealed) == b"a"
    assert vault.open("acme", sealed) is None


def test_keys_that_are_looked_up_together_open_what_they_would_one_by_one(
    vault: LocalVault, tmp_path: Path
) -> None:
    vault.ensure("beta", ["ann"])
    sealed = [("acme", vault.seal("acme", "ann", b"a")), ("acme", vault.seal("acme", "bob", b"b"))]
    sealed += [("beta", vault.seal("beta", "ann", b"c")), ("beta", vault.seal("beta", TENANT_SUBJECT, b"d"))]
    vault.destroy("acme", "bob")
    reader = again(tmp_path)
    with reader.at_once([*((tenant, one.subject) for tenant, one in sealed), ("acme", "nobody")]):
        assert [reader.open(tenant, one) for tenant, one in sealed] == [b"a", None, b"c", b"d"]


def test_a_key_that_was_looked_up_with_others_and_destroyed_elsewhere_is_gone_after(
    vault: LocalVault, tmp_path: Path
) -> None:
    sealed, other = vault.seal("acme", "ann", b"a"), again(tmp_path)
    with other.at_once([("acme", "ann")]):
        vault.destroy("acme", "ann")
        assert other.open("acme", sealed) == b"a"
    assert other.open("acme", sealed) is None


def test_who_writes_again_after_erasure_gets_a_new_key_and_the_old_texts_stay_closed(
    vault: LocalVault,
) -> None:
    old = vault.seal("acme", "ann", b"before")
    vault.destroy("acme", "ann")
    vault.ensure("acme", ["ann"])
    new = vault.seal("acme", "ann", b"after")
    assert (vault.open("acme", old), vault.open("acme", new)) == (None, b"after")


def test_a_reader_that_is_open_sees_new_subjects(vault: LocalVault, tmp_path: Path) -> None:
    reader = again(tmp_path)
    vault.ensure("acme", ["new"])
    assert reader.open("acme", vault.seal("acme", "new", b"x")) == b"x"


def test_two_writers_of_one_subject_agree_on_its_key(vault: LocalVault, tmp_path: Path) -> None:
    other = again(tmp_path)
    for one in (vault, other):
        one.ensure("acme", ["both"])
    assert vault.seal("acme", "both", b"x") == other.seal("acme", "both", b"x")


def test_making_keys_twice_keeps_the_first(vault: LocalVault) -> None:
    sealed = vault.seal("acme", "ann", b"x")
    vault.ensure("acme", ["ann", "ann", "tenant"])
    assert vault.open("acme", sealed) == b"x"


def test_hashes_of_people_are_stable_salted_by_tenant_and_do_not_show_them(vault: LocalVault) -> None:
    name = vault.subject("acme", "ann@example.com")
    assert name == vault.subject("acme", "ann@example.com")
    assert name != vault.subject("beta", "ann@example.com")
    assert (len(name), "ann" in name) == (32, False)


def test_a_vault_s_hashes_are_of_no_use_without_its_key(vault: LocalVault, tmp_path: Path) -> None:
    assert LocalVault(tmp_path / "other").subject("acme", "ann") != vault.subject("acme", "ann")


def test_a_subject_nobody_knows_opens_to_none(vault: LocalVault) -> None:
    assert vault.open("acme", Sealed(subject="who", nonce="AAAA", ciphertext="AAAA")) is None


def test_a_disk_that_is_full_for_a_while_costs_no_more_than_that(vault: LocalVault) -> None:
    (pages,) = vault._db.execute("PRAGMA page_count").fetchone()
    vault._db.execute(f"PRAGMA max_page_count={pages}")
    many = [f"{n:032x}" for n in range(500)]
    for _ in range(2):
        with pytest.raises(RetryLater, match="full"):
            vault.ensure("acme", many)
    vault._db.execute("PRAGMA max_page_count=1000000")
    vault.ensure("acme", many)
    assert vault.open("acme", vault.seal("acme", many[-1], b"x")) == b"x"


def _holding(directory: Path, wrapped: bytes) -> list[str]:
    return [file.name for file in directory.iterdir() if wrapped in file.read_bytes()]


def test_a_destroyed_key_is_on_no_disk_though_others_have_the_file_open(tmp_path: Path) -> None:
    with closing(LocalVault(tmp_path)) as first, closing(LocalVault(tmp_path)) as other:
        first.ensure("acme", [f"s{n}" for n in range(300)])
        assert other.open("acme", first.seal("acme", "s7", b"words")) == b"words"
        with closing(sqlite3.connect(tmp_path / "subjects.sqlite3")) as db:
            (wrapped,) = db.execute("SELECT wrapped FROM subjects WHERE subject = 's7'").fetchone()
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        assert _holding(tmp_path, wrapped)
        assert first.destroy("acme", "s7")
        assert _holding(tmp_path, wrapped) == []


def test_who_reads_the_keys_for_long_holds_no_destruction_up(tmp_path: Path) -> None:
    with closing(LocalVault(tmp_path)) as vault:
        vault.ensure("acme", ["jo"])
        with closing(sqlite3.connect(tmp_path / "subjects.sqlite3", isolation_level=None)) as reading:
            reading.execute("BEGIN")
            (wrapped,) = reading.execute("SELECT wrapped FROM subjects").fetchone()
            assert vault.destroy("acme", "jo")
            assert _holding(tmp_path, wrapped)
        assert not vault.destroy("acme", "jo")  # given again
        assert _holding(tmp_path, wrapped) == []
