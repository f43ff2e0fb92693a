"""The state machines as `docs/architecture.md` draws them: `python -m tools.drawings` writes them.

Each is a Mermaid flowchart made from its definition. So that it can be read, a Choice that one
state leads to is drawn as the answers of that state, a Wait that one state falls into and comes
back from as an answer that leads to itself, and what nearly every state has in common (where an
error leads, where a part is begun again) once. Every state's name is in the drawing or below it.
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs/architecture.md"
MACHINES = ("import", "export")
MANY = 5
"""From so many edges on that say the same and lead to the same state, they are drawn as one."""
FORMS = {
    "Task": ("[", "]"),
    "Token": ("[[", "]]"),
    "Wait": ("[/", "/]"),
    "Choice": ("{{", "}}"),
    "Succeed": ("([", "])"),
    "Fail": ("([", "])"),
}
"""How Mermaid is told the outline of each type of state; `Token` is a Task that waits for one."""
STYLES = {"Succeed": "stroke:#2e7d32,stroke-width:2px", "Fail": "stroke:#c62828,stroke-width:2px"}
"""Outlines only, which can be seen on light and dark pages alike."""
EVERY = "States.ALL"
OTHERWISE = "otherwise"
UNKNOWN = "UnknownStep"
"""Where a Choice goes that was answered something else: never, while code and machine fit."""

States = dict[str, dict[str, Any]]


class Edge(NamedTuple):
    """One way from a state to another: what was answered, or what went wrong."""

    start: str
    end: str
    label: str
    error: bool = False


class Drawing(NamedTuple):
    """What is to be drawn of a state machine."""

    nodes: dict[str, str]
    """The form of each state."""
    edges: list[Edge]
    failing: str
    """Where an error leads in nearly every state."""
    folded: list[str]
    """States that are drawn as a part of another."""
    passed_over: list[str]
    """States whose errors change nothing in what follows."""


def drawn(definition: dict[str, Any]) -> Drawing:
    """What of a definition is drawn, in the order of its states."""
    states: States = definition["States"]
    caught = Counter(catch["Next"] for s in states.values() for catch in s.get("Catch", ()))
    failing = caught.most_common(1)[0][0]
    folded = _folded(states)
    edges: list[Edge] = []
    for name in states:
        if name not in folded:
            edges += _answers(states, folded, name, "", name)
            edges += _caught(states, name, failing)
    nodes = {name: _form(state) for name, state in states.items() if name not in folded}
    passed_over = [name for name, state in states.items() if _passes_over(state)]
    in_order = [name for name in states if name in folded]
    return Drawing(nodes, _joined(edges), failing, in_order, passed_over)


def _passes_over(state: dict[str, Any]) -> bool:
    return any(_changes_nothing(state, catch) for catch in state.get("Catch", ()))


def _changes_nothing(state: dict[str, Any], catch: dict[str, Any]) -> bool:
    return catch["ErrorEquals"] == [EVERY] and bool(catch["Next"] == state["Next"])


def _folded(states: States) -> set[str]:
    """The states that are no node of their own."""
    ways_in: dict[str, set[str]] = defaultdict(set)
    for name, state in states.items():
        for target in _ways(state):
            ways_in[target].add(name)
    folded = {name for name, state in states.items() if state["Type"] == "Pass"}
    for name, state in states.items():
        # A Pass hands on what leads to it.
        before = {b for one in ways_in[name] for b in (ways_in[one] if one in folded else {one})}
        once = len(ways_in[name]) == 1 or len(before) == 1
        if state["Type"] == "Choice" and once:
            folded.add(name)
    for name, state in states.items():
        comes_from = {_task_of(states, folded, one) for one in ways_in[name]}
        if state["Type"] == "Wait" and comes_from == {state["Next"]}:
            folded.add(name)
    return folded


def _task_of(states: States, folded: set[str], name: str) -> str:
    """The state that a folded Choice belongs to; any other is its own."""
    if name not in folded:
        return name
    return next(one for one, state in states.items() if name in _ways(state))


def _ways(state: dict[str, Any]) -> list[str]:
    ways = [branch["Next"] for branch in (state, *state.get("Choices", ())) if "Next" in branch]
    ways += [state["Default"]] if "Default" in state else []
    return ways + [catch["Next"] for catch in state.get("Catch", ())]


def _form(state: dict[str, Any]) -> str:
    waits = state["Type"] == "Task" and state["Resource"].endswith(".waitForTaskToken")
    return "Token" if waits else state["Type"]


def _answers(states: States, folded: set[str], start: str, label: str, at: str) -> list[Edge]:
    """The ways on from `at`, which belongs to `start`, with what is answered on each."""
    state, edges = states[at], []
    ways = [(_condition(choice), choice["Next"]) for choice in state.get("Choices", ())]
    if "Default" in state:
        ways.append((OTHERWISE, state["Default"]))
    if "Next" in state:
        ways.append((label, state["Next"]))
    for answer, target in ways:
        target = _through(states, target) if states[target]["Type"] == "Pass" else target
        if target in folded and states[target]["Type"] == "Wait":
            edges.append(Edge(start, states[target]["Next"], f"{answer}: {target}"))
        elif target in folded:
            edges += _answers(states, folded, start, answer, target)
        elif UNKNOWN not in (target, *_passed(states, at, answer)):
            edges.append(Edge(start, target, answer))
    return edges


def _passed(states: States, at: str, answer: str) -> list[str]:
    """What a Choice's default leads to, before anything is passed through."""
    return [states[at].get("Default", "")] if answer == OTHERWISE else []


def _through(states: States, name: str) -> str:
    """The state that a Pass leads to; any other is itself."""
    while states[name]["Type"] == "Pass":
        name = states[name]["Next"]
    return name


def _condition(choice: dict[str, Any]) -> str:
    if "StringEquals" in choice:
        return str(choice["StringEquals"])
    name = choice["Variable"].rpartition(".")[2]
    return f"there is {name}" if choice.get("IsPresent") else f"by {name}"


def _caught(states: States, name: str, failing: str) -> list[Edge]:
    edges = []
    for catch in states[name].get("Catch", ()):
        if catch["Next"] == failing or _changes_nothing(states[name], catch):
            continue
        label = "error" if catch["ErrorEquals"] == [EVERY] else ", ".join(catch["ErrorEquals"])
        edges.append(Edge(name, _through(states, catch["Next"]), label, error=True))
    return edges


def _joined(edges: list[Edge]) -> list[Edge]:
    """Ways between the same two states as one, with all that leads there."""
    joined: dict[tuple[str, str], list[Edge]] = {}
    for edge in edges:
        joined.setdefault((edge.start, edge.end), []).append(edge)
    return [
        Edge(start, end, _label(same), all(one.error for one in same))
        for (start, end), same in joined.items()
    ]


def _label(edges: list[Edge]) -> str:
    labels = [edge.label or OTHERWISE for edge in edges]
    return "" if labels == [OTHERWISE] else ", ".join(labels)


def mermaid(definition: dict[str, Any]) -> str:
    """The block that draws a state machine."""
    drawing = drawn(definition)
    lines = ["flowchart TD"]
    for name, form in drawing.nodes.items():
        opening, closing = FORMS[form]
        style = f":::{form.lower()}" if form in STYLES else ""
        lines.append(f"  {name}{opening}{name}{closing}{style}")
    gathered = _gathered(drawing.edges)
    for label, end in gathered:
        sources = [e.start for e in drawing.edges if (e.label, e.end) == (label, end)]
        text = "<br>".join(sources)
        lines.append(f'  {label}_from>"{text}"] -->|{label}| {end}')
    for edge in drawing.edges:
        if (edge.label, edge.end) not in gathered:
            lines.append(f"  {_arrow(edge)}")
    lines.append(f'  any>"any other error"] -.-> {drawing.failing}')
    lines += [f"  classDef {form.lower()} {style}" for form, style in STYLES.items()]
    lines.append(f"  style {definition['StartAt']} stroke-width:3px")
    return "\n".join(lines) + "\n"


def _gathered(edges: list[Edge]) -> list[tuple[str, str]]:
    counts = Counter((edge.label, edge.end) for edge in edges if edge.label)
    return [each for each, count in counts.items() if count >= MANY]


def _arrow(edge: Edge) -> str:
    line = "-.->" if edge.error else "-->"
    label = f"|{edge.label}|" if edge.label else ""
    return f"{edge.start} {line}{label} {edge.end}"


def retries(definition: dict[str, Any]) -> str:
    """In a sentence, how often tasks are tried again, and what the drawing leaves out."""
    states: States = definition["States"]
    tasks = {name: state for name, state in states.items() if state["Type"] == "Task"}
    uncaught = [name for name, state in tasks.items() if not state.get("Catch")]
    if uncaught:
        raise ValueError(f"nothing catches the errors of {', '.join(uncaught)}")
    drawing = drawn(definition)
    decisions = [name for name in drawing.folded if states[name]["Type"] != "Wait"]
    passed = f"An error of {_named(drawing.passed_over)} changes nothing in what follows. "
    return (
        f"{_tried_again(tasks)} {passed if drawing.passed_over else ''}Not drawn by themselves: "
        f"{_named(decisions)}.\n"
    )


def _tried_again(tasks: States) -> str:
    """Return how often tasks are tried again: most of them, and those that differ by name."""
    ways: dict[str, list[str]] = {}
    for name, state in tasks.items():
        again = _trying(state)
        times = f"up to {again['MaxAttempts']} times, after {again['IntervalSeconds']} s growing"
        ways.setdefault(f"{times} to {again['MaxDelaySeconds']} s", []).append(name)
    usual, *others = sorted(ways, key=lambda way: -len(ways[way]))
    differing = "".join(f" {_named(ways[way])}: {way}." for way in others)
    return f"A task that fails is tried again {usual}, but not after a `Terminal` error.{differing}"


def _named(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _trying(state: dict[str, Any]) -> dict[str, Any]:
    """How a task is tried again after what is not said to be final."""
    found: dict[str, Any] = next(r for r in state["Retry"] if r["ErrorEquals"] == [EVERY])
    return found


def section(machine: str) -> str:
    """What stands between the page's markers for a state machine."""
    text = (ROOT / f"statemachine/{machine}.asl.json").read_text(encoding="utf-8")
    definition = json.loads(text)
    return f"```mermaid\n{mermaid(definition)}```\n\n{retries(definition)}"


def rewritten(page: str) -> str:
    """The page with every state machine drawn anew."""
    for machine in MACHINES:
        begin, end = f"<!-- drawn: {machine} -->\n", "<!-- /drawn -->"
        pattern = re.escape(begin) + ".*?" + re.escape(end)
        page, count = re.subn(pattern, lambda _: begin + section(machine) + end, page, flags=re.S)  # noqa: B023
        if count != 1:
            raise ValueError(f"the page has {count} places for the state machine {machine}")
    return page


def main() -> int:
    """Write the page anew."""
    PAGE.write_text(rewritten(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
