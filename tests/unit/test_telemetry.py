"""Functions log JSON lines and count in CloudWatch's embedded metric format, at little cost."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import datetime
from typing import Any

HEAVY = ("boto3", "aws_xray_sdk", "pydantic", "requests", "asyncio")


def run(script: str) -> str:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        env=environment,
    ).stdout


def lines(script: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in run(script).splitlines()]


def test_a_log_line_is_one_json_object_with_its_service_and_the_time_in_utc() -> None:
    (line,) = lines(
        "from prefdrop.telemetry import logger\nlogger.info('chunk staged', extra={'chunk': 3})"
    )

    assert (line["service"], line["message"], line["chunk"]) == ("prefdrop", "chunk staged", 3)
    assert line["timestamp"].endswith("+00:00")


def test_metrics_are_written_in_the_embedded_format_under_one_namespace() -> None:
    (blob,) = lines(
        "from prefdrop.telemetry import metrics\n"
        "metrics.add_metric(name='RecordsStaged', unit='Count', value=7)\n"
        "metrics.flush_metrics()"
    )

    (directive,) = blob["_aws"]["CloudWatchMetrics"]
    assert directive["Namespace"] == "Prefdrop"
    assert directive["Dimensions"] == [["service"]]
    assert (blob["service"], blob["RecordsStaged"]) == ("prefdrop", [7.0])


def test_no_log_level_that_a_function_is_set_to_silences_its_metrics() -> None:
    """Lambda takes a line for INFO unless it has a valid level and a time in RFC 3339."""
    blobs = lines(
        "from prefdrop.telemetry import metrics\n"
        "for value in range(101):\n"
        "    metrics.add_metric(name='RecordsStaged', unit='Count', value=value)\n"
        "metrics.flush_metrics()\n"
        "metrics.add_dimension('status', 'Complete')\n"
        "metrics.add_metric(name='ImportsEnded', unit='Count', value=1)\n"
        "metrics.flush_metrics()"
    )

    assert [len(blob.get("RecordsStaged", [])) for blob in blobs] == [100, 1, 0]
    for blob in blobs:
        assert blob["level"] == "FATAL"
        assert datetime.fromisoformat(blob["timestamp"]).tzinfo is not None
        (directive,) = blob["_aws"]["CloudWatchMetrics"]
        assert {one["Name"] for one in directive["Metrics"]} <= {"RecordsStaged", "ImportsEnded"}
        assert isinstance(blob["_aws"]["Timestamp"], int)
    assert blobs[2]["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [["status", "service"]]


def test_importing_it_loads_nothing_heavy() -> None:
    loaded = run("import sys, prefdrop.telemetry; print(*sys.modules)").split()

    assert not {*HEAVY} & set(loaded)
