"""Puts back what an earlier release left: its items, objects, running executions and vendor.

`earlier/<commit>.json` was written by `earlier/record.py` with the code of that commit.
"""

from __future__ import annotations

import base64
import io
import json
from datetime import UTC, datetime
from pathlib import Path

from prefdrop.feeds import ChunkLimits, Cursor, Source, load_feed
from prefdrop.importing.initiate_part import _spec
from tests.faults.interpreter import Execution, Json
from tests.faults.simulation import Simulation
from tests.unit.auditing.receiver import create_audit_table

RECORDINGS = {path.stem: path for path in (Path(__file__).parent / "earlier").glob("*.json")}


class Recorded:
    """A situation of an earlier release, put back into an empty simulation."""

    def __init__(self, simulation: Simulation, commit: str, situation: str) -> None:
        read = json.loads(RECORDINGS[commit].read_text("utf-8"))
        self._simulation = simulation
        self._definition: Json = read["definition"]
        held = read["situations"][situation]
        self._set_clock(held["at_ns"])
        create_audit_table()
        text = json.dumps({name: held[name] for name in ("tables", "executions", "imports")})
        for old, new in self._put_objects(held["objects"]).items():
            text = text.replace(old, new)
        left = json.loads(text)
        self.imports: list[Json] = left["imports"]
        """What `imports list` showed before the update: id, status and report's key."""
        for name, items in left["tables"].items():
            for item in items:
                simulation.dynamodb.put_item(TableName=name, Item=item)
        for one in left["executions"]:
            self._stage_again(one["data"]["import"]["import_id"])
            simulation.executions.append(self._execution(one))

    def _set_clock(self, at_ns: int) -> None:
        """Let the ledger's clock begin where the recording ended; the vendor's is never behind."""
        clock = self._simulation.clock
        ahead = at_ns - clock.time_ns()
        if ahead > 0:
            clock.advance(ahead / 1_000_000_000)
        else:
            clock.skipped_ns += ahead

    def _put_objects(self, objects: list[Json]) -> dict[str, str]:
        """Put every version of every object; return the new version id of each old one."""
        put, versions = self._simulation.s3.put_object, {}
        for one in objects:
            body = base64.b64decode(one["body"])
            made = put(Bucket="bucket", Key=one["key"], Body=body, Metadata=one["metadata"])
            versions[one["version"]] = made["VersionId"]
        return versions

    def _execution(self, left: Json) -> Execution:
        simulation = self._simulation
        made = Execution(
            left["arn"], {}, simulation.call, simulation.clock.advance, self._definition
        )
        return made.go_on_at(left["state"], left["data"], left["token"])

    def _stage_again(self, import_id: str) -> None:
        """Bring the vendor to where the import's part is, under another access token."""
        ledger, vendor = self._simulation.ledger(), self._simulation.services().vendor
        record = ledger.imports.get(import_id)
        feed_text = self._simulation.read(f"feeds/{record.feed}.toml")
        body = self._simulation.read(record.key)
        for part in ledger.parts.all(import_id):
            feed = load_feed(feed_text, file="people.toml")
            token = vendor.initiate(_spec(record, feed)).access_token
            source = Source(feed, lambda at: io.BytesIO(body[at:]), size=len(body), file="it.csv")
            limits = ChunkLimits(bytes=10**9, records=10**9, rejects=10**9)
            for chunk in source.chunks(Cursor(0, 0), limits, now=datetime.now(UTC)):
                vendor.stage(token, chunk.body, timeout=30)
            if part.state == "executing":
                vendor.execute(token, timeout=30)
            self._simulation.dynamodb.update_item(
                TableName="imports",
                Key={"pk": {"S": f"IMPORT#{import_id}"}, "sk": {"S": f"PART#{part.number:04d}"}},
                UpdateExpression="SET #token = :token",
                ExpressionAttributeNames={"#token": "token"},
                ExpressionAttributeValues={":token": {"S": token}},
            )
