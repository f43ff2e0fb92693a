"""A run ends once, and whoever ends it in another's place leaves nothing behind."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from prefdrop.exporting import fail_export, start_exports
from prefdrop.exporting.ending import publish
from prefdrop.exporting.manifest import draft_key, manifest_key
from prefdrop.exporting.services import ExportServices
from prefdrop.ledger.exports import ExportRun
from prefdrop.ledger.table import LedgerBusy, Table
from tests.call_watch import calls_of
from tests.unit.exporting.conftest import SETTINGS

GONE = "arn:aws:states:us-east-1:123456789012:execution:prefdrop-export:readers-1"
MANIFEST = b'{"removed": null, "watermark": {"after": "2026-01-15T00:00:00.000Z"}}'

End = Callable[[ExportServices], Any]


def look_for_what_is_due(services: ExportServices) -> None:
    """As the schedule does, every few minutes."""
    with calls_of("StartExportsFunction", SETTINGS):
        start_exports.run(services, {}, None)  # type: ignore[arg-type]


def give_up(services: ExportServices) -> dict[str, str]:
    """As the workflow does when one of its steps has failed for good."""
    state = {"export": "readers", "run": "1", "failure": {"Error": "Torn", "Cause": "{}"}}
    with calls_of("FailExportFunction", SETTINGS):
        return fail_export.run(services, {"state": state, "execution": GONE}, None)  # type: ignore[arg-type]


@pytest.fixture
def run(services: ExportServices) -> ExportRun:
    """A run that has retrieved something when its execution ends."""
    services.files.write("exports/readers.toml", b'[export]\nsegment = "Readers"\n')
    new = ExportRun(export="readers", run="1", execution=GONE, started_at="2026-01-15T00:00:00Z")
    begun = services.exports.begin(new)
    services.exports.claim(services.exports.state("readers"), "1", GONE)
    services.files.write("exports/readers/1/part-00001-left.jsonl", b"{}\n")
    services.files.write("spool/exports/readers/1/roll-00001-left", b"")
    return services.exports.update(services.exports.initiated(begun, "token"), status="Finishing")


@pytest.mark.parametrize("end", [look_for_what_is_due, give_up])
def test_a_run_that_was_decided_is_published_by_whoever_finds_it(
    services: ExportServices, run: ExportRun, end: End
) -> None:
    services.files.write(draft_key(run), MANIFEST)
    services.exports.decide(run, {"last_run": "1"})

    end(services)

    assert services.exports.get("readers", "1").status == "Completed"
    assert json.loads(services.files.read(manifest_key(run)).body) == json.loads(MANIFEST)
    assert list(services.files.list("exports/readers/")) == [manifest_key(run)]
    assert list(services.files.list("spool/")) == []


@pytest.mark.parametrize("end", [look_for_what_is_due, give_up])
def test_a_run_that_was_not_decided_fails_and_what_it_wrote_is_taken_away(
    services: ExportServices, run: ExportRun, end: End
) -> None:
    end(services)

    assert services.exports.get("readers", "1").status == "Failed"
    assert list(services.files.list("exports/")) == ["exports/readers.toml"]
    assert list(services.files.list("spool/")) == []


def test_busy_ledger_while_publishing_is_not_taken_for_published(
    services: ExportServices, run: ExportRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    services.files.write(draft_key(run), MANIFEST)
    decided = services.exports.decide(run, {"last_run": "1"})

    def busy(*_: Any, **__: Any) -> Any:
        raise LedgerBusy("DynamoDB throttles")

    with monkeypatch.context() as patch:
        patch.setattr(Table, "update", busy)
        with pytest.raises(LedgerBusy):
            publish(services, decided)

    assert publish(services, decided).status == "Completed"
