from __future__ import annotations

import subprocess
import sys

import prefdrop.feeds


def test_the_package_exports_what_the_workflow_uses() -> None:
    assert set(prefdrop.feeds.__all__) == {
        "AccountSnapshot",
        "Chunk",
        "ChunkLimits",
        "Column",
        "Cursor",
        "Feed",
        "FeedError",
        "GatesPart",
        "ImportPart",
        "LaterDrop",
        "LaterDrops",
        "LocalReject",
        "RejectsWriter",
        "Row",
        "Source",
        "SourceError",
        "SourcePart",
        "identifiers_of",
        "load_feed",
    }


def test_feeds_load_nothing_of_aws_or_http_and_no_optional_library() -> None:
    code = "import sys, prefdrop.feeds; print(*sys.modules)"

    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    loaded = {name.partition(".")[0] for name in out.stdout.split()}
    assert not loaded & {
        "boto3",
        "botocore",
        "requests",
        "urllib3",
        "http",
        "aws_lambda_powertools",
        "pyarrow",
        "openpyxl",
    }
