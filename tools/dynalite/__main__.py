"""Replay recorded DynamoDB requests against dynalite and compare the answers.

make test-dynalite                     records the first tier of tests and replays it
make test-dynalite TESTS=tests/unit/ledger
python -m tools.dynalite FOLDER --modules FOLDER
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from tools.dynalite import transactions
from tools.dynalite.differences import KNOWN, NOT_IN_DYNALITE, Answered
from tools.dynalite.server import Dynalite, running

SHOWN = 20
"""Differences that are printed."""
LONGEST = 400
"""Characters of a request or an answer that are printed."""
_COMPARED = ("Item", "Items", "Attributes", "Responses", "Count", "LastEvaluatedKey")


class Replay:
    """One recorded DynamoDB, played again."""

    def __init__(self, dynalite: Dynalite) -> None:
        self._dynalite = dynalite
        self._keys: dict[str, list[str]] = {}
        self.requests: Counter[str] = Counter()
        self.known: Counter[str] = Counter()
        self.differences: list[str] = []

    def play(self, file: Path) -> None:
        """Replay one file from empty tables on."""
        with file.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                entry = json.loads(line)
                if "table" in entry:
                    self._make(entry["table"], entry["create"])
                    continue
                if reason := _not_in_dynalite(entry):
                    self.known[reason] += 1
                    continue
                answered = self._ask(entry)
                if answered.recorded != answered.replayed:
                    self._differ(f"{file.name}:{number}: {entry['action']}", answered)
        for name in list(self._keys):
            self._drop(name)

    def _ask(self, entry: dict[str, Any]) -> Answered:
        action, request = entry["action"], entry["request"]
        self.requests[action] += 1
        match action:
            case "TransactWriteItems":
                status, answer = transactions.write(self._dynalite, self._keys, request)
            case "TransactGetItems":
                status, answer = transactions.read(self._dynalite, request)
            case _:
                status, answer = self._dynalite.ask(action, request)
        ordered = _is_ordered(action, request)
        recorded = _outcome(entry["status"], entry["answer"], ordered=ordered)
        return Answered(request, recorded, _outcome(status, answer, ordered=ordered))

    def _differ(self, where: str, answered: Answered) -> None:
        for reason, applies in KNOWN.items():
            if applies(answered):
                self.known[reason] += 1
                return
        self.differences.append(
            f"{where}\n  asked    {json.dumps(answered.request)[:LONGEST]}\n"
            f"  recorded {json.dumps(answered.recorded)[:LONGEST]}\n"
            f"  dynalite {json.dumps(answered.replayed)[:LONGEST]}"
        )

    def _make(self, name: str, creation: dict[str, Any] | None) -> None:
        """Make a table anew, or remove it if there is nothing to make."""
        if name in self._keys:
            self._drop(name)
        if creation is None:
            return
        status, answer = self._dynalite.ask("CreateTable", creation)
        if status != 200:
            raise SystemExit(f"dynalite does not create {name}: {answer}")
        self._keys[name] = [key["AttributeName"] for key in creation["KeySchema"]]
        self._await(name, lambda _, answer: answer["Table"]["TableStatus"] == "ACTIVE")

    def _drop(self, name: str) -> None:
        self._dynalite.ask("DeleteTable", {"TableName": name})
        self._await(name, lambda status, _: status == 400)
        del self._keys[name]

    def _await(self, name: str, condition: Any) -> None:
        while not condition(*self._dynalite.ask("DescribeTable", {"TableName": name})):
            time.sleep(0.001)


def _not_in_dynalite(entry: dict[str, Any]) -> str | None:
    """Return the reason why dynalite would take a request that was refused, if it would."""
    message = str(entry["answer"].get("message", "")) if entry["status"] != 200 else ""
    reasons = (reason for words, reason in NOT_IN_DYNALITE.items() if words in message)
    return next(reasons, None)


def _is_ordered(action: str, request: dict[str, Any]) -> bool:
    """Return whether DynamoDB promises an order: by sort key, where no two are alike."""
    return action == "Query" and "IndexName" not in request


def _outcome(status: int, answer: dict[str, Any], *, ordered: bool) -> dict[str, Any]:
    """Return what counts of an answer."""
    if status != 200:
        code = str(answer.get("__type", "")).rpartition("#")[2]
        reasons = [reason["Code"] for reason in answer.get("CancellationReasons", ())]
        return {"error": code} | ({"reasons": reasons} if reasons else {})
    outcome = {name: _normal(answer[name]) for name in _COMPARED if answer.get(name)}
    if not ordered and "Items" in outcome:
        outcome["Items"].sort(key=json.dumps)
    if isinstance(outcome.get("Responses"), dict):  # of a batch, in any order
        for items in outcome["Responses"].values():
            items.sort(key=json.dumps)
    return outcome


def _normal(value: Any) -> Any:
    """Return a value with one writing of numbers, sets in one order and members in one order."""
    if isinstance(value, list):
        return [_normal(one) for one in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        [(kind, content)] = value.items()
        if kind == "N" and isinstance(content, str):
            return {"N": str(Decimal(content).normalize())}
        if kind in ("SS", "NS", "BS") and isinstance(content, list):
            return {kind: sorted(content)}
    return {name: _normal(value[name]) for name in sorted(value)}


def _files(folder: Path) -> Iterator[Path]:
    files = sorted(folder.glob("*.jsonl"))
    if not files:
        raise SystemExit(f"{folder} holds no recorded requests: run `make test-dynalite`.")
    yield from files


def main() -> None:
    """Replay, print figures and differences, and fail for a difference that is not known."""
    parser = argparse.ArgumentParser(prog="tools.dynalite")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--modules", type=Path, required=True)
    arguments = parser.parse_args()
    began = time.monotonic()
    with running(arguments.modules) as dynalite:
        replay = Replay(dynalite)
        for file in _files(arguments.folder):
            replay.play(file)
    _print(replay, time.monotonic() - began)
    if replay.differences:
        raise SystemExit(1)


def _print(replay: Replay, seconds: float) -> None:
    print(f"{replay.requests.total():,} requests replayed in {seconds:.0f} s:")
    for action, count in replay.requests.most_common():
        print(f"  {count:>8,} {action}")
    for reason, count in replay.known.most_common():
        print(f"{count:,} times: {reason}")
    for difference in replay.differences[:SHOWN]:
        print(difference)
    print(f"{len(replay.differences):,} unknown differences")


if __name__ == "__main__":
    main()
