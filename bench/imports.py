"""What a start of each function costs: the size of what `sam build` packs, and its imports.

    python -m bench imports

The functions are the built ones. One container, under `sam local`, holds all their handlers, and
imports each in interpreters of its own: what counts there is Python, the layer and the handler,
which are the same for one function or all. A function that reads the vendor's credentials is
charged with the vendor's client too, which some import no sooner than they need it.
"""

from __future__ import annotations

import json
import shutil
import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from samtranslator.yaml_helper import yaml_parse

from bench.contest import TURNS
from bench.figures import Figure, Skipped
from bench.plan import Plan
from tools.sam_local.engine import Engine, why_not
from tools.sam_local.running import SamLocal, call_lambda

PROBE = Path(__file__).parent / "probes/imports_probe.py"
FUNCTION = "Probe"
BOTO3 = "boto3 and a client, which a bare function imports"
MOST_SHARE = 80
"""Percent of the import of boto3 and a client that a function may take beyond it. Outside of a
container the largest takes 58."""
MEGABYTE = 1_000_000


def rows(_: Plan) -> Iterator[Figure]:
    """Sizes, and what importing each function takes; raises Skipped without containers."""
    if reason := why_not():
        raise Skipped(f"it needs containers: {reason}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        engine = Engine()
        built = engine.build(folder / "build")
        yield from _sizes(built.parent)
        sam = SamLocal(engine, _template(engine, built, folder), folder)
        yield from _imports(sam, _functions(built))


def _sizes(artefacts: Path) -> Iterator[Figure]:
    layer = _size(artefacts / "LibraryLayer") / MEGABYTE
    handlers = [_size(app.parent) for app in artefacts.glob("*/app.py")]
    yield Figure("imports", "the layer, unzipped", layer, "MB", 15, holds="at most")
    yield Figure("imports", f"the largest of {len(handlers)} functions", max(handlers), "bytes")


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _functions(built: Path) -> dict[str, bool]:
    """The functions that were built, and whether each may read the vendor's credentials."""
    resources = yaml_parse(built.read_text())["Resources"]
    return {
        name: '"VendorSecret"' in json.dumps(resources[f"{name}Role"])
        for name, resource in resources.items()
        if resource["Type"] == "AWS::Serverless::Function"
    }


def _template(engine: Engine, built: Path, folder: Path) -> Path:
    """A template with one function, the probe, that has the code of all the others beside it."""
    code = folder / "code"
    for app in built.parent.glob("*/app.py"):
        shutil.copytree(app.parent, code / app.parent.name)
    shutil.copy(PROBE, code)
    layer = {"ContentUri": str(built.parent / "LibraryLayer")}
    probe = {
        "Runtime": "python3.13",
        "Handler": "imports_probe.handler",
        "CodeUri": str(code),
        "Layers": [{"Ref": "LibraryLayer"}],
        "Architectures": [engine.architecture],
        "MemorySize": 1024,
        "Timeout": 300,
    }
    resources = {
        "LibraryLayer": {"Type": "AWS::Serverless::LayerVersion", "Properties": layer},
        FUNCTION: {"Type": "AWS::Serverless::Function", "Properties": probe},
    }
    file = folder / "probe.json"
    transform = "AWS::Serverless-2016-10-31"
    file.write_text(json.dumps({"Transform": transform, "Resources": resources}))
    return file


def _imports(sam: SamLocal, functions: dict[str, bool]) -> Iterator[Figure]:
    with sam.serving("start-lambda") as address:
        bare = list[float]()
        for function, vendor in sorted(functions.items()):
            event = {"function": function, "vendor": vendor, "tries": TURNS}
            seen: Any = json.loads(call_lambda(address, FUNCTION, json.dumps(event).encode()))
            if not isinstance(seen, list):
                raise RuntimeError(f"{function} cannot be imported: {seen}")
            bare += [boto3 for boto3, _, _ in seen]
            share = statistics.median((handler + client) / boto3 for boto3, handler, client in seen)
            later = 1000 * statistics.median(client for _, _, client in seen)
            took = 1000 * statistics.median(handler + client for _, handler, client in seen)
            note = f"{took:.0f} ms"
            if later > 5:
                note += f", {later:.0f} ms of it at the first request to the vendor"
            name = function.removesuffix("Function")
            yield Figure(
                "imports", name, 100 * share, "% of boto3's", MOST_SHARE, holds="at most", note=note
            )
        yield Figure("imports", BOTO3, 1000 * statistics.median(bare), "ms")
