"""The worked example of docs/connectors.md is code that passes the suite's hardest test."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tests.support.vendors.case import VendorCase
from tests.support.vendors.polls import Polls
from tests.support.vendors.server import EVERY_TROUBLE, troubled, vendor_server
from tests.support.vendors.world import World, every_lie

PAGE = Path(__file__).parents[2] / "docs" / "connectors.md"


@pytest.fixture
def case(monkeypatch: pytest.MonkeyPatch) -> VendorCase:
    """The case that the page's two blocks make."""
    vendor, joined = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    for name, code in (("connectors.vendors.helpdesk", vendor), ("helpdesk_case", joined)):
        module = ModuleType(name)
        monkeypatch.setitem(sys.modules, name, module)
        exec(compile(code, name, "exec"), vars(module))
    return sys.modules["helpdesk_case"].CASE  # type: ignore[no-any-return]


def test_the_worked_example_loses_nothing_whatever_the_vendor_does(case: VendorCase, tmp_path: Path) -> None:
    world = World()
    world.say(40)
    with vendor_server(troubled(case.simulate(world, every_lie()), *EVERY_TROUBLE)) as server:
        polls = Polls(case, server, tmp_path)
        polls.once()
        world.edit(3)
        world.delete(4)
        polls.until_quiet()
    assert polls.ledger.wrong(world) == {"lost": [], "twice": [], "untrue": []}
    assert polls.cursors_are_monotone()
