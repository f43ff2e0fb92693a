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
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from samtranslator.yaml_helper import yaml_parse

from bench.figures import Figure, Skipped
from bench.plan import Plan
from tools.sam_local.engine import Engine, why_not
from tools.sam_local.running import SamLocal, call_lambda

PROBE = Path(__file__).parent / "probes/imports_probe.py"
FUNCTION = "Probe"
TRIES = 5
MEGABYTE = 1_000_000


def rows(plan: Plan) -> Iterator[Figure]:
    """Sizes, and milliseconds of importing each function; raises Skipped without containers."""
    if reason := why_not():
        raise Skipped(f"it needs containers: {reason}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        engine = Engine()
        built = engine.build(folder / "build")
        yield from _sizes(built.parent)
        sam = SamLocal(engine, _template(engine, built, folder), folder)
        yield from _imports(sam, _functions(built), 1 if plan.quick else TRIES)


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


def _imports(sam: SamLocal, functions: dict[str, bool], tries: int) -> Iterator[Figure]:
    with sam.serving("start-lambda") as address:
        for function, vendor in sorted(functions.items()):
            event = {"function": function, "vendor": vendor, "tries": tries}
            seen: Any = json.loads(call_lambda(address, FUNCTION, json.dumps(event).encode()))
            assert isinstance(seen, list), f"{function} cannot be imported: {seen}"
            # The fastest: what else the machine does can only make a try slower.
            handler, client = min(seen, key=sum)
            name = function.removesuffix("Function")
            took, later = (handler + client) * 1000, client * 1000
            note = f"{later:.0f} ms of it at the first request to the vendor" if later > 5 else ""
            yield Figure("imports", name, took, "ms", 150, holds="at most", note=note)
