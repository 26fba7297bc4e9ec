"""Exit codes and errors of the command: one line that names the file, the variable or the column."""

from __future__ import annotations

import errno
import io
import os
import socket
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import orjson
import pytest

from cli.main import main
from cli.printing import print_json
from connectors.keys.vault import LocalVault
from tests.support.commands import Told, undercurrent
from tests.support.product import KEYWORDS


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("UNDERCURRENT_REVIEW_BELOW", "much"),
        ("UNDERCURRENT_EPOCH_S", "0"),
        ("UNDERCURRENT_NAMES", "perhaps"),
        ("UNDERCURRENT_TENANT", "No Spaces"),
    ],
)
def test_a_setting_that_does_not_fit_is_one_line_naming_its_variable(variable: str, value: str) -> None:
    told = undercurrent("doctor", env=KEYWORDS | {variable: value})
    assert (told.code, told.out) == (2, "")
    assert told.err.startswith(f"undercurrent: {variable}: ")
    assert told.err.count("\n") == 1


def test_a_missing_option_is_wrong_usage() -> None:
    assert undercurrent("run", "--out", "anywhere").code == 2


@pytest.mark.parametrize(
    "command", ["run", "demo", "themes", "similar", "doctor", "rebuild", "eval", "review"]
)
def test_help_of_every_command_ends_well(command: str) -> None:
    told = undercurrent(command, "--help")
    assert (told.code, told.err) == (0, "")


WRONG: dict[str, tuple[str, list[str], str]] = {
    "missing file": ("", ["--input", "none.csv"], "none.csv: there is no such file"),
    "unknown kind": ("x.txt", ["--input", "x.txt"], "x.txt: the name must end in .csv or .jsonl"),
    "unknown column": (
        "x.csv",
        ["--input", "x.csv", "--map", "text=words"],
        "no column 'words'; the file has: n, body",
    ),
    "unknown field": (
        "x.csv",
        ["--input", "x.csv", "--map", "mood=body"],
        "--map mood=body: write field=column",
    ),
    "no text": ("y.csv", ["--input", "y.csv"], "no column is the text; say --map text=COLUMN"),
    "no customers": ("x.csv", ["--input", "x.csv", "--customers", "no.csv"], "no.csv: there is no such file"),
    "bad customers": (
        "x.csv",
        ["--input", "x.csv", "--customers", "c.csv"],
        "c.csv:2: mrr 'much' is not an amount",
    ),
}


@pytest.mark.parametrize("mistake", WRONG)
def test_wrong_usage_of_run_is_one_line_that_says_where(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mistake: str
) -> None:
    monkeypatch.chdir(tmp_path)
    _write(tmp_path)
    _name, argv, complaint = WRONG[mistake]
    told = undercurrent("run", *argv, "--out", "data")
    assert told.code == 2
    assert complaint in told.err
    assert told.err.count("\n") == 1


def test_after_wrong_usage_nothing_was_loaded_and_the_right_one_is_accepted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    _write(tmp_path)
    undercurrent("run", "--input", "x.csv", "--customers", "c.csv", "--out", "data")
    journal = tmp_path / "data" / "logs" / "journal" / "p0000.jsonl"
    assert not journal.exists() or journal.stat().st_size == 0
    assert not (tmp_path / "data" / "loads.json").exists()


@pytest.mark.parametrize(
    "argv", [["themes"], ["similar", "words"], ["review", "ls"], ["review", "confirm", "x", "--author", "a"]]
)
def test_a_command_on_a_directory_without_a_run_says_how_to_make_one(tmp_path: Path, argv: list[str]) -> None:
    told = undercurrent(*argv, "--dir", tmp_path / "none")
    assert told.code == 2
    assert "no run here; make one with: undercurrent run --input FILE --out" in told.err


def _write(directory: Path) -> None:
    (directory / "x.csv").write_text("n,body\n1,it fails\n")
    (directory / "y.csv").write_text("n,m\n1,2\n")
    (directory / "x.txt").write_text("it fails\n")
    (directory / "c.csv").write_text("account,tier,mrr\nacme,pro,much\n")


def test_ctrl_c_while_a_command_is_being_loaded_ends_it_without_a_page_of_code(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def interrupted(_argv: Sequence[str]) -> Callable[[], None]:
        raise KeyboardInterrupt

    monkeypatch.setattr("cli.main.command_line", interrupted)
    assert undercurrent("doctor") == Told(130, "", "")


@pytest.mark.parametrize(
    "argv", [("up", "--exporter-port"), ("up", "--edge-port"), ("exporter", "--port"), ("edge", "--port")]
)
def test_a_port_that_is_none_is_refused_before_anything_is_started(argv: tuple[str, str]) -> None:
    told = undercurrent(*argv, "99999")
    assert (told.code, argv[1] in told.err) == (2, True)


@pytest.mark.parametrize(
    ("option", "value"), [("--port", "taken"), ("--port", "99999"), ("--host", "nowhere.invalid")]
)
def test_an_address_that_serve_cannot_listen_on_is_wrong_usage(
    tmp_path: Path, option: str, value: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        given = str(other.getsockname()[1]) if value == "taken" else value
        told = undercurrent("serve", "--dir", tmp_path / "run", option, given)
    assert (told.code, option[2:] in told.err, list(tmp_path.iterdir())) == (2, True, [])


def test_a_path_that_is_of_another_kind_is_wrong_usage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    _write(tmp_path)
    told = undercurrent("run", "--input", "x.csv", "--map", "text=body", "--out", "y.csv")
    assert (told.code, told.out, told.err.count("\n")) == (2, "", 1)
    assert told.err.startswith("undercurrent: y.csv: File exists; name another path")


def test_a_bug_that_looks_like_a_path_keeps_its_page_of_code(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_argv: Sequence[str]) -> Callable[[], None]:
        raise PermissionError("no path at all")

    monkeypatch.setattr("cli.main.command_line", broken)
    with pytest.raises(PermissionError):
        undercurrent("doctor")


@pytest.mark.parametrize(
    "command", [("lag",), ("cutover", "g2"), ("replay", "--generation", "g2", "--from", "x")]
)
def test_without_a_cluster_a_command_on_kafka_is_wrong_usage(
    monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    monkeypatch.delenv("KAFKA_BOOTSTRAP_SERVERS", raising=False)
    told = undercurrent(*command)
    assert (told.code, told.err.count("\n")) == (2, 1)
    assert "no Kafka is named: set KAFKA_BOOTSTRAP_SERVERS=host:port" in told.err


def test_where_nobody_can_be_asked_a_question_says_yes_is_an_option(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    argv = ("erase", "bob", "--tenant", "acme", "--by", "ann", "--dir", tmp_path / "none")
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    told = undercurrent(*argv)
    assert (
        told.code,
        told.err.endswith("undercurrent: nobody said yes; where nobody can be asked, give --yes\n"),
    ) == (2, True)
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    assert "no run here" in undercurrent(*argv).err


def test_no_partitions_at_all_are_refused_before_anything_is_started() -> None:
    told = undercurrent("flow", "extract", "--partitions", "0")
    assert (told.code, "--partitions" in told.err) == (2, True)


def saying(words: str) -> Callable[[Sequence[str]], Callable[[], None]]:
    """A program whose one command prints this."""
    return lambda _argv: lambda: print_json({"label": words})


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_what_is_printed_is_utf8_in_every_locale(monkeypatch: pytest.MonkeyPatch, encoding: str) -> None:
    printed = io.BytesIO()
    monkeypatch.setattr("cli.main.command_line", saying("noche · \U0001f620 · ä"))
    monkeypatch.setattr(sys, "argv", ["undercurrent"])
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(printed, encoding=encoding))
    main()
    assert orjson.loads(printed.getvalue()) == {"label": "noche · \U0001f620 · ä"}


@pytest.mark.parametrize(
    "argv", [("erase", "m\udcfcller"), ("themes", "--dir", "\udcfc"), ("similar", "\udcfc")]
)
def test_bytes_that_are_not_utf8_are_refused_and_not_repeated(argv: tuple[str, ...]) -> None:
    told = undercurrent(*argv)
    assert (told.code, told.err.count("\n"), "not UTF-8" in told.err, "ller" in told.err) == (
        2,
        1,
        True,
        False,
    )


def test_a_person_who_is_piped_in_other_bytes_is_wrong_usage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"m\xfcller\n"), encoding="latin-1"))
    told = undercurrent("erase", "-", "--tenant", "acme", "--by", "ann", "--yes")
    assert (told.code, "the standard input is not UTF-8" in told.err) == (2, True)


def test_output_that_its_disk_does_not_take_is_one_line_and_a_failure(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("cli.main.command_line", saying("short, so that it waits for the end"))
    monkeypatch.setattr(sys, "argv", ["undercurrent"])
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        monkeypatch.setattr(sys, "stdout", full)
        with pytest.raises(SystemExit) as ended:
            main()
    assert (ended.value.code, "No space left on device" in capfd.readouterr().err) == (1, True)


def test_a_reader_who_has_enough_is_told_nothing(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    monkeypatch.setattr("cli.main.command_line", saying("to nobody"))
    monkeypatch.setattr(sys, "argv", ["undercurrent"])
    with os.fdopen(writing, "w", encoding="utf-8") as pipe:
        monkeypatch.setattr(sys, "stdout", pipe)
        with pytest.raises(SystemExit) as ended:
            main()
    assert (ended.value.code, capfd.readouterr().err) == (1, "")


@pytest.mark.parametrize(("number", "code"), [(errno.EROFS, 2), (errno.ENOSPC, 1), (errno.EDQUOT, 1)])
def test_a_disk_that_takes_nothing_is_one_line(
    monkeypatch: pytest.MonkeyPatch, number: int, code: int
) -> None:
    def refused(_argv: Sequence[str]) -> Callable[[], None]:
        raise OSError(number, "it takes nothing", "out/demo")

    monkeypatch.setattr("cli.main.command_line", refused)
    told = undercurrent("doctor")
    assert (told.code, told.err.count("\n")) == (code, 1)
    assert told.err.startswith("undercurrent: out/demo: it takes nothing; ")


def test_keys_that_cannot_be_opened_are_one_line(tmp_path: Path) -> None:
    LocalVault(tmp_path / "keys").close()
    (tmp_path / "logs" / "journal").mkdir(parents=True)
    for name in ("subjects.sqlite3", "subjects.sqlite3-wal", "subjects.sqlite3-shm"):
        (tmp_path / "keys" / name).unlink(missing_ok=True)
    (tmp_path / "keys" / "subjects.sqlite3").mkdir()
    told = undercurrent("themes", "--dir", tmp_path)
    assert (told.code, told.err.count("\n")) == (1, 1)
    assert "subjects.sqlite3: unable to open database file" in told.err
