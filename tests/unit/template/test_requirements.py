"""What is installed is pinned to the byte, and the layer stays light."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

LISTS = [
    "layers/prefdrop/requirements.txt",
    "requirements-run.txt",
    "requirements-parquet.txt",
    "requirements-xlsx.txt",
    "requirements-bench.txt",
    "requirements-test.txt",
    "requirements-measure.txt",
    "requirements-dev.txt",
    "requirements-sam.txt",
    "requirements-checkov.txt",
    "requirements-parliament.txt",
    "requirements-peers.txt",
    "requirements-oldest.txt",
    "requirements-cloud.txt",
]


def _pins(path: Path) -> dict[str, str]:
    """Each requirement of a list by name, with everything that belongs to it."""
    joined = path.read_text("utf-8").replace("\\\n", " ")
    return {re.split(r"==", line)[0]: line for line in joined.splitlines() if line.strip()}


def test_requirement_of_each_list_is_pinned_with_its_hashes(subtests, root):
    for name in LISTS:
        with subtests.test(name=name):
            for line in _pins(root / name).values():
                assert re.match(r"[a-z0-9-]+==\S+ .*--hash=sha256:[0-9a-f]{64}", line), line


def test_list_of_requirements_names_no_place_it_was_made_in(subtests, root):
    for name in LISTS:
        with subtests.test(name=name):
            text = (root / name).read_text("utf-8")

            assert not re.search(
                r"https?://|file:|--(extra-)?index|--find-links|--trusted-host|^/", text
            )


def test_the_layer_carries_only_what_the_library_needs(root):
    pins = _pins(root / "layers/prefdrop/requirements.txt")

    assert set(pins) == {
        "aws-lambda-powertools",
        "certifi",
        "charset-normalizer",
        "idna",
        "jmespath",
        "msgspec",
        "requests",
        "typing-extensions",
        "urllib3",
        "tzdata",
    }


def test_version_that_runs_here_is_the_one_that_runs_on_aws(subtests, root):
    for name in LISTS[1:8]:
        with subtests.test(name=name):
            layer = _pins(root / "layers/prefdrop/requirements.txt")
            here = _pins(root / name)

            assert {package: here.get(package) for package in layer} == layer


def test_the_lists_hold_what_the_project_asks_for(root):
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]
    asked = [
        *project["dependencies"],
        *(need for extra in project["optional-dependencies"].values() for need in extra),
    ]
    wanted = {re.match(r"[A-Za-z0-9-]+", need)[0].lower() for need in asked}

    lists = ("requirements-dev.txt", "requirements-bench.txt", "requirements-measure.txt")
    held = set().union(*(_pins(root / name) for name in lists))
    assert wanted <= held


def test_oldest_boto3_is_older_than_what_the_tests_run_with(root):
    oldest, tested = (
        re.findall(r"==([\d.]+)", _pins(root / f"requirements-{name}.txt")["boto3"])[0]
        for name in ("oldest", "test")
    )

    assert [int(n) for n in oldest.split(".")] < [int(n) for n in tested.split(".")]
