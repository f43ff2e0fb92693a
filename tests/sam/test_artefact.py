"""What `sam build` packs: a light layer, compiled, that runs on either processor architecture."""

from __future__ import annotations

import struct
import subprocess
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from tests.workbench import ROOT

LARGEST_LAYER = 15_000_000
"""Bytes, unzipped. What is in it is fetched and unpacked before a function's first start."""
LARGEST_FUNCTION = 2_000
"""Bytes. A handler parses, calls one use case and returns."""

PACKAGES = {
    "aws_lambda_powertools",
    "certifi",
    "charset_normalizer",
    "idna",
    "jmespath",
    "msgspec",
    "mypreferences_assumptions.py",
    "prefdrop",
    "requests",
    "typing_extensions.py",
    "tzdata",
    "urllib3",
}
"""All that the layer holds. boto3 and botocore, which are larger by far, come with the runtime."""

FILES = {".pem", ".py", ".pyc", ".so", ".typed"}
ABOUT_A_PACKAGE = {
    "INSTALLER",
    "METADATA",
    "REQUESTED",
    "WHEEL",
    "entry_points.txt",
    "top_level.txt",
}
ODD_ONE = "urllib3/contrib/emscripten/emscripten_fetch_worker.js"

MACHINES = {62: "x86_64", 183: "aarch64"}
"""Numbers of processor architectures in ELF, the format of native code, and their names."""

NOT_COMPILED = """
import importlib.util, pathlib, sys
UNCHECKED_HASH = (1).to_bytes(4, "little")
for source in pathlib.Path(sys.argv[1]).rglob("*.py"):
    compiled = pathlib.Path(importlib.util.cache_from_source(source))
    head = compiled.read_bytes()[:16] if compiled.exists() else b""
    hashed = importlib.util.source_hash(source.read_bytes())
    if head != importlib.util.MAGIC_NUMBER + UNCHECKED_HASH + hashed:
        print(source)
"""
"""Names the modules without compiled code that is theirs, is python3.13's and is never checked."""


@pytest.fixture(scope="module")
def packages(built: Path) -> Path:
    """The layer's folder of packages."""
    return built.parent / "LibraryLayer/python"


def files_of(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_the_layer_stays_under_fifteen_megabytes(packages: Path) -> None:
    parts = Counter[str]()
    for file in files_of(packages):
        parts[file.relative_to(packages).parts[0]] += file.stat().st_size

    assert parts.total() <= LARGEST_LAYER, parts.most_common(6)


def test_the_layer_holds_the_pinned_packages_and_the_library_alone(packages: Path) -> None:
    pins = (ROOT / "layers/prefdrop/requirements.txt").read_text("utf-8").splitlines()
    pinned = {line.split()[0].replace("-", "_") for line in pins if "==" in line}

    found = {path.name for path in packages.iterdir()} - {"__pycache__"}

    about = {name for name in found if name.endswith(".dist-info")}
    assert found - about == PACKAGES
    assert {name.removesuffix(".dist-info").replace("-", "==") for name in about} == pinned


def test_the_layer_has_no_file_that_nothing_needs(packages: Path) -> None:
    odd = []
    for file in files_of(packages):
        path = file.relative_to(packages)
        licence = "licenses" in path.parts or path.name == "LICENSE"
        about = path.parts[0].endswith(".dist-info") and (licence or path.name in ABOUT_A_PACKAGE)
        if not (about or file.suffix in FILES or path.parts[0] == "tzdata"):
            odd.append(str(path))

    assert odd == [ODD_ONE]


def test_native_code_is_there_for_both_architectures(packages: Path) -> None:
    found: dict[str, set[str]] = defaultdict(set)
    for file in packages.rglob("*.so*"):
        number = struct.unpack_from("<H", file.read_bytes(), 18)[0]
        suffix = f".cpython-313-{MACHINES[number]}-linux-gnu.so"
        assert file.name.endswith(suffix), f"{file} is code of {MACHINES[number]}"
        found[str(file.relative_to(packages)).removesuffix(suffix)].add(MACHINES[number])

    assert "msgspec/_core" in found
    assert all(machines == set(MACHINES.values()) for machines in found.values()), found


def test_every_module_is_compiled_and_never_compared_with_its_source(packages: Path) -> None:
    command = ["python3.13", "-c", NOT_COMPILED, str(packages)]

    stale = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()

    assert stale == []
    assert len(list(packages.rglob("*.pyc"))) == len(list(packages.rglob("*.py")))


def test_a_function_is_its_handler_and_nothing_else(built: Path) -> None:
    for app in (ROOT / "functions").glob("*/app.py"):
        name = "".join(word.capitalize() for word in app.parent.name.split("_")) + "Function"

        packed = files_of(built.parent / name)

        assert [file.name for file in packed] == ["app.py"], name
        assert packed[0].stat().st_size <= LARGEST_FUNCTION, name
