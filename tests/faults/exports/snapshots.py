"""What a run leaves behind, so that two runs can be compared: ledger, bucket and bus."""

from __future__ import annotations

import re
from typing import Any

from prefdrop.ledger.table import unmarshal
from tests.faults.exports.simulation import EXPORT, ExportSimulation
from tests.faults.interpreter import Json

MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)")
WORD = re.compile(r"\b[0-9a-f]{8,64}\b")
OWN = frozenset(
    ("bytes", "expires_at", "initiated_at", "sha256", "version_id", "definition_version")
)
"""Members that differ from run to run."""


def snapshot(simulation: ExportSimulation) -> Json:
    """Return what is there, without the times, digests and words that each run makes its own."""
    items = simulation.dynamodb.scan(TableName="imports", ConsistentRead=True)["Items"]
    keys = sorted(simulation.worker().files.list(""))
    return {
        "ledger": sorted((_plain(unmarshal(item)) for item in items), key=str),
        "keys": [_plain(key) for key in keys],
        "manifests": _plain(simulation.manifests()),
        "records": {
            run: sorted(record["ProfileId"] for record in simulation.records(manifest))
            for run, manifest in simulation.manifests().items()
        },
        "events": _plain(sorted({str(event) for event in simulation.events.announced})),
    }


def begin_anew(simulation: ExportSimulation) -> None:
    """Take everything away, at the vendor too."""
    for item in simulation.dynamodb.scan(TableName="imports")["Items"]:
        key = {name: item[name] for name in ("pk", "sk")}
        simulation.dynamodb.delete_item(TableName="imports", Key=key)
    simulation.worker().files.delete(list(simulation.worker().files.list("")))
    simulation.executions.clear()
    simulation.events.announced.clear()
    simulation.vendor("reset", "POST")
    simulation.fault()
    simulation.define(EXPORT)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items() if name not in OWN}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, str):
        return WORD.sub("(word)", MOMENT.sub("(moment)", re.sub(r"'bytes': \d+", "", value)))
    return value
