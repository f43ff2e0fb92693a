"""Rejects become items beside the pass over the source, and none is missing at its end."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from prefdrop.importing.rejects_file import SIDE_BY_SIDE, TOGETHER, ItemWriter
from prefdrop.ledger.exceptions import RejectItem, TableBusy
from tests.workbench import PATIENCE

MOST = (SIDE_BY_SIDE + 1) * TOGETHER
"""Items of which the last lets the pass wait, where none is written."""


class Store:
    """Keeps what it is given; may wait first, or refuse."""

    def __init__(self) -> None:
        self.rows: list[int] = []
        self.go = threading.Event()
        self.go.set()
        self.began, self.all_began = threading.Event(), threading.Event()
        self.calls = 0
        self.refuses = False

    def write(self, _: str, rejects: list[RejectItem]) -> None:
        self.calls += 1
        self.began.set()
        if self.calls == SIDE_BY_SIDE:
            self.all_began.set()
        self.go.wait(PATIENCE)
        if self.refuses:
            raise TableBusy("The table is busy.")
        self.rows += [one.row for one in rejects]


def item(row: int) -> RejectItem:
    return RejectItem(row, "local", "Code", "Reason")


def writer(store: Any) -> ItemWriter:
    return ItemWriter(store, "imp-1")


def test_all_items_are_written_when_the_pass_ends() -> None:
    store = Store()
    items = writer(store)

    with items.writing():
        for row in range(9 * TOGETHER + 5):
            items.add(item(row))

    assert sorted(store.rows) == list(range(9 * TOGETHER + 5))


def test_the_pass_goes_on_while_items_are_written() -> None:
    store = Store()
    store.go.clear()
    items = writer(store)

    with items.writing():
        for row in range(MOST - 1):
            items.add(item(row))
        assert store.began.wait(PATIENCE)
        assert store.rows == []
        store.go.set()

    assert len(store.rows) == MOST - 1


def test_the_pass_waits_for_a_table_that_is_slower() -> None:
    store = Store()
    store.go.clear()
    items = writer(store)
    added: list[int] = []

    def add_all() -> None:
        with items.writing():
            for row in range(2 * MOST):
                items.add(item(row))
                added.append(row)

    thread = threading.Thread(target=add_all)
    thread.start()
    assert store.all_began.wait(PATIENCE)
    assert len(added) < MOST
    store.go.set()
    thread.join(PATIENCE)

    assert len(store.rows) == 2 * MOST


def test_items_that_were_settled_are_in_the_table() -> None:
    store = Store()
    items = writer(store)

    with items.writing():
        items.add(item(1))
        items.settle()
        assert store.rows == [1]


def test_a_table_that_refuses_items_ends_the_pass() -> None:
    store = Store()
    store.refuses = True
    items = writer(store)

    with pytest.raises(TableBusy), items.writing():
        items.add(item(1))
