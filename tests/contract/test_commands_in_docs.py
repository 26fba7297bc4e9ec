"""Every command line that a page shows is one that the program takes: names, options, and what must be given.

In: README, CONTRIBUTING, the changelog and ``docs/``, blocks of shell and code within a line; and the examples of
``--help``. Nothing is run. A block's line and an example must be whole; within a sentence a command may be named by its
first words. ``[…]`` is optional and must be right, ``a|b`` is each of both, ``…`` goes on.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import typer

from cli.main import COMMANDS, command_line

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
# A file or a folder that a page names need not lie here.
NOT_HERE = re.compile(r"does not exist|is not readable")


# What a command line is refused with; typer carries a click of its own and names this class nowhere.
UsageError = typer.BadParameter.__bases__[0]
LACKS = ("MissingParameter", "NoArgsIsHelpError")


@cache
def command(name: str) -> Any:
    """One command with its imports; the others stay unread."""
    group: Any = typer.main.get_command(command_line([name]))
    return group.commands[name]


def shown() -> Iterator[tuple[str, str, bool]]:
    """Page, command line as printed, whether it must be whole."""
    for page in PAGES:
        text, name = page.read_text(encoding="utf-8"), str(page.relative_to(ROOT))
        for block in re.findall(r"^```(?:sh|bash|console)?\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
            for line in block.replace("\\\n", " ").splitlines():
                yield from ((name, part, True) for part in commands_in(line.split(" #")[0]))
        for span in re.findall(
            r"`([^`]+)`", re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
        ):
            yield from ((name, part, False) for part in commands_in(" ".join(span.split())))
    for module in sorted((ROOT / "cli").glob("*.py")):
        for example in re.findall(
            r"Example: ((?:[A-Z_]+=\S+ )?undercurrent .*)", module.read_text(encoding="utf-8")
        ):
            yield from (
                ("--help", part, True) for part in commands_in(example.split('"""')[0].split(" #")[0])
            )


def commands_in(line: str) -> Iterator[str]:
    """What follows ``undercurrent`` where it is the command, not a part of a name or a path."""
    for part in line.split(" && "):
        found = re.match(
            r"^(?:\$ )?(?:[A-Z_]+=\S+ )*(?:docker compose exec \S+ )?(?:\.venv/bin/)?undercurrent (.*)$", part
        )
        if found and not found[1].startswith("outbox:"):  # a drawing in dispatch.md
            yield found[1].strip()


def readings(line: str) -> Iterator[list[str]]:
    """The command lines that one printed line stands for."""
    alone = re.split(r" [<>|] ", line)[0]  # what the shell does around it is not the program's
    words = shlex.split(alone.replace("[", "").replace("]", "").replace("…", " ").rstrip(" ,;"))
    for choice in product(*([w] if "://" in w else w.split("|") for w in words)):
        yield ["1" if word == "N" else word for word in choice]


def wrong(words: list[str], whole: bool) -> str | None:
    """Why the program would refuse a command line; None if it would not."""
    if words[0].startswith("-"):
        return None
    if words[0] not in COMMANDS:
        return f"there is no command {words[0]!r}"
    at, args = command(words[0]), words[1:]
    try:
        while True:
            context = at.make_context(words[0], list(args))
            rest = [*getattr(context, "_protected_args", []), *context.args]
            if not hasattr(at, "commands") or not rest:
                return None
            _, at, args = at.resolve_command(context, rest)
    except typer.Exit:
        return None
    except UsageError as exc:
        lacks = type(exc).__name__ in LACKS or "requires an argument" in str(exc)
        return None if (lacks and not whole) or NOT_HERE.search(str(exc)) else str(exc)


def test_pages_show_many_commands() -> None:
    assert len({line for _, line, _ in shown()}) > 100


@pytest.mark.parametrize(("line", "says"), [("nothing", "no command"), ("run --inputs x", "No such option")])
def test_a_wrong_line_is_seen(line: str, says: str) -> None:
    assert says in (wrong(line.split(), whole=True) or "")


@pytest.mark.parametrize("page", sorted({page for page, _, _ in shown()}))
def test_every_command_line_of_a_page_is_one_that_the_program_takes(page: str) -> None:
    lines = [(line, whole) for name, line, whole in shown() if name == page]
    told = [(line, why) for line, whole in lines for words in readings(line) if (why := wrong(words, whole))]
    assert told == []
