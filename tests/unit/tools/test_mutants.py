"""Which mutants of a module are tried."""

from __future__ import annotations

import pytest

pytest.importorskip("mutmut", reason="mutmut is not installed; `make mutation` installs it")

from tools.mutation.mutants import Mutant, mutants_of

SOURCE = '''
LIMIT = 3


class Store:
    """A store."""

    @property
    def room(self):
        return LIMIT - self.count

    def give_up(self, why):
        logger.warning("given up", extra={"part": 1})
        if self.count:
            self.change(state="torn", why="it has no room", until=why)
'''


@pytest.fixture
def found(tmp_path) -> list[Mutant]:
    file = tmp_path / "store.py"
    file.write_text(SOURCE)
    return mutants_of(file, "store")


def changes(found: list[Mutant], function: str) -> set[tuple[str, str]]:
    return {(m.name.before, m.name.after) for m in found if m.name.function == function}


def test_mutants_of_constants_and_properties_are_made(found):
    assert changes(found, "") == {("3", "4"), ("LIMIT = 3", "LIMIT = None")}
    assert changes(found, "Store.room") == {("LIMIT - self.count", "LIMIT + self.count")}


def test_mutants_change_no_text_and_nothing_logged(found):
    assert changes(found, "Store.give_up") == {
        ("self.count", "not (self.count)"),
        ('state="torn"', ""),
        ('state="torn"', "None"),
        ("until=why", ""),
        ("until=why", "None"),
    }


def test_mutant_source_differs_by_its_change_alone(found):
    (mutant,) = (m for m in found if m.name.after == "LIMIT + self.count")

    assert mutant.source == SOURCE.replace("LIMIT - self", "LIMIT + self")
    assert (mutant.lines, mutant.name.line) == (range(10, 11), "return LIMIT - self.count")
