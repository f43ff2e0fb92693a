"""What logs hold at ERROR; the stacks of `imports`, `events` and `exports` log at DEBUG."""

from __future__ import annotations

import pytest

from tests.integration.events.deliveries import Deliveries
from tests.integration.imports.test_secrecy import assert_kept_quiet
from tests.tiers import second_tier
from tests.workbench import workbench

PERSON = "zerline.quux@example.test"


@second_tier("the other end of LogLevel; the first tier runs at DEBUG")
def test_logs_at_level_error_hold_no_record_and_no_secret(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    data = tmp_path_factory.mktemp("stack")
    with workbench(data, parameters={"LogLevel": "ERROR"}, allow_http_loopback=True) as bench:
        bench.push_feed()
        deliveries = Deliveries(bench)

        assert_kept_quiet(bench)
        answer = deliveries.send({"EventId": "e-1", "Data": {"EmailAddress": PERSON}})

        assert answer.status_code == 200
        assert [text for text in (deliveries.key, PERSON) if text in bench.logs()] == []
