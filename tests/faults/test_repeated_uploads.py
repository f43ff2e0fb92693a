"""A rejects file whose completion the AWS client repeats is written again, with the same rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from prefdrop.ledger import uploads
from tests.faults.oracle import assert_exactly_once, rejected_rows
from tests.faults.simulation import Simulation
from tests.tiers import second_tier
from tests.workbench import FEED


@second_tier("the file of one import, beside the walk of all writes of an export")
def test_rejects_file_completed_twice_holds_each_row_once(
    simulate: Callable[..., Simulation], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "PART_BYTES", 900)
    monkeypatch.setattr("moto.s3.models.S3_UPLOAD_PART_MIN_SIZE", 900)
    simulation = simulate()
    complete, calls = simulation.s3.complete_multipart_upload, list[Any]()

    def repeated_once(**request: Any) -> Any:
        answer = complete(**request)
        calls.append(answer)
        if len(calls) == 1:
            raise ClientError({"Error": {"Code": "NoSuchUpload"}}, "CompleteMultipartUpload")
        return answer

    monkeypatch.setattr(simulation.s3, "complete_multipart_upload", repeated_once)
    rows = "".join(f"R-{n},Bo,r{n}@localhost.test,Y\n" for n in range(60))
    file = ("id,first,email,news\n" + rows).encode()

    execution = simulation.drop(file).run()

    report = assert_exactly_once(simulation, execution, file, FEED)
    assert rejected_rows(simulation, report) == list(range(1, 61))
    assert len(calls) == 2
