"""A definition is parsed once, not at every start of an execution (a tenth of a second each).

The parsed program keeps nothing of an execution: counters of retries live in the execution's heap
under a key of the component, which is made unique here without a race between executions.
"""

from __future__ import annotations

from typing import Any

from moto.stepfunctions.parser.asl.component.eval_component import EvalComponent
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser

from prefdrop_local.stack.patching import Patches

_STATEFUL = ('"Map"', '"Parallel"')
"""States whose parsed form does keep something while it runs."""


def install(patches: Patches) -> None:
    """Keep parsed definitions."""
    parse = AmazonStateLanguageParser.parse
    parsed: dict[str, Any] = {}

    def parse_once(definition: str) -> Any:
        if any(kind in definition for kind in _STATEFUL):
            return parse(definition)
        if definition not in parsed:
            parsed[definition] = parse(definition)
        return parsed[definition]

    patches.set(AmazonStateLanguageParser, "parse", staticmethod(parse_once))
    patches.set(EvalComponent, "heap_key", property(lambda component: str(id(component))))
