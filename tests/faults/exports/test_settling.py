"""A stretch is settled while the next one is read: nothing is shown out of turn."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any, BinaryIO

import pytest

from prefdrop.exporting import retrieve_export
from prefdrop.ledger.export_files import ExportFiles
from prefdrop.ledger.table import LedgerBusy
from prefdrop.mypreferences import TokenRefused
from tests.faults.exports.simulation import ExportSimulation
from tests.faults.interpreter import StepError
from tests.workbench import PATIENCE

read = retrieve_export._Retrieval._read
write_file = ExportFiles.write_file


def test_the_next_stretch_is_read_while_one_is_settled(
    simulation: ExportSimulation, monkeypatch: pytest.MonkeyPatch
) -> None:
    readings, reading_on, waited = [0], threading.Event(), []

    def counted(retrieval: Any, pages: Iterator[Any]) -> Any:
        readings[0] += 1
        if readings[0] == 2:
            reading_on.set()
        return read(retrieval, pages)

    def slow(files: ExportFiles, key: str, body: BinaryIO, *, content_type: str) -> str:
        if "/part-00001" in key:
            waited.append(reading_on.wait(PATIENCE))
        return write_file(files, key, body, content_type=content_type)

    monkeypatch.setattr(retrieve_export._Retrieval, "_read", counted)
    monkeypatch.setattr(ExportFiles, "write_file", slow)
    simulation.put_people(range(30))

    simulation.export("1")

    assert waited == [True]
    simulation.assert_readers_have_everything()


def test_of_two_things_that_go_wrong_the_earlier_one_counts(
    simulation: ExportSimulation, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused, broken = threading.Event(), [True]

    def then_refused(retrieval: Any, pages: Iterator[Any]) -> Any:
        if retrieval._offset > 1 and broken:
            refused.set()
            raise TokenRefused("the token is dead")
        return read(retrieval, pages)

    def overtaken(files: ExportFiles, key: str, body: BinaryIO, *, content_type: str) -> str:
        if "/part-" in key and broken and refused.wait(PATIENCE):
            broken.clear()
            raise LedgerBusy("another worker was first")
        return write_file(files, key, body, content_type=content_type)

    monkeypatch.setattr(retrieve_export._Retrieval, "_read", then_refused)
    monkeypatch.setattr(ExportFiles, "write_file", overtaken)
    simulation.put_people(range(30))
    execution = simulation.start_run("1")
    simulation.walk_to(execution, "Retrieving")

    payload = {"export": "people", "run": "1", "execution": execution.arn, "step": {}}
    with pytest.raises(StepError, match="LedgerBusy"):
        simulation.call("RetrieveExport", payload)

    simulation.finish(execution)
    assert simulation.run_item("1").attempt == 1
    simulation.assert_readers_have_everything()
