"""A dropped file whose key the stack cannot use ends its import at once, with the key's name."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from tests.faults.simulation import Simulation
from tests.workbench import people

OTHERS_KEY = "arn:aws:kms:us-east-1:111122223333:key/0a1b"


def lock_inbox(client: Any) -> None:
    """Have S3 answer for files under `inbox/` as where KMS refuses the caller; moto never does."""

    def refuse(params: Any, **_: Any) -> Any:
        if "/inbox/" not in params["url_path"]:
            return None
        denied = {"Code": "AccessDenied", "Message": "Access Denied"}
        return SimpleNamespace(status_code=403), {"Error": denied, "ResponseMetadata": {}}

    def name_key(parsed: Any, **_: Any) -> None:
        parsed["SSEKMSKeyId"] = OTHERS_KEY

    client.meta.events.register("before-call.s3.GetObject", refuse)
    client.meta.events.register("after-call.s3.HeadObject", name_key)


def test_file_under_another_accounts_key_fails_its_import(simulation: Simulation) -> None:
    lock_inbox(simulation.s3)

    execution = simulation.drop(people(3).encode()).run()

    record = simulation.services().imports.get(simulation.import_id(execution))
    assert record.status == "Failed"
    assert record.error is not None
    assert record.error.code == "ObjectLocked"
    assert OTHERS_KEY in record.error.message
    assert simulation.vendor("books")["requests"] == []
    calls = [name for name, _ in simulation.calls]
    assert calls.count("RegisterImport") == 1
