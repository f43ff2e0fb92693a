"""Somebody with the pages open: types what they show, with own names for those of the pages."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import requests

from prefdrop_cli.shapes.commands import COMMANDS
from tests.command import typed
from tests.integration.accidents.oncall import OnCall
from tests.integration.pages.aws_commands import AwsCommand
from tests.shapes import printed_by
from tests.shown_commands import path_of, words_of
from tests.workbench import FEED, PATIENCE, ROOT, Workbench, people

CALL = "from prefdrop_cli.main import main; main()"
HOLDING = FEED.replace("= 100", "= 10") + 'over_gate = "hold"\nhold_minutes = 30\n'
EXPORT = '[export]\nsegment = "AllProfiles"\nmode = "incremental"\n'
SUBSCRIPTIONS = '[[subscription]]\nname = "audit"\nurl = "stack"\nevents = ["*"]\n'
ONE_WRONG = people(3) + "C-4,Ida,no-address,Y\n"

Put = str | tuple[str, ...]
"""What is typed for a word of the page; several for a word that stands there several times."""


class Printed(NamedTuple):
    """What a command printed, and how it ended."""

    code: int
    out: str
    err: str


class Desk(OnCall):
    """A folder with files as the pages call theirs, and a stack whose endpoint is set."""

    def __init__(self, bench: Workbench, folder: Path) -> None:
        super().__init__(bench, folder)
        for name in ("FEED.toml", "NAME.toml"):
            self.writes(name, FEED)
        self.writes("held.toml", HOLDING)
        for name in ("FILE", "FILE.csv"):
            self.writes(name, ONE_WRONG)
        self.writes("subscriptions.toml", SUBSCRIPTIONS)
        (folder / "exports").mkdir()
        for name in ("NAME", "crm-contacts"):
            self.writes(f"exports/{name}.toml", EXPORT)

    # --- typing -------------------------------------------------------------------------------

    def type(
        self, command: str, says: str, *, code: int = 0, put: Mapping[str, Put] | None = None
    ) -> str:
        """Type a command as a page shows it; it ends with `code` and prints `says`."""
        ended = self._run(words_with(command, put or {}))
        printed = ended.out + ended.err
        assert ended.code == code, printed
        assert says in printed, printed
        assert "Traceback" not in printed
        return printed

    def ask(
        self, command: str, *, code: int = 0, put: Mapping[str, Put] | None = None, case: str = ""
    ) -> Any:
        """Type it with `--json`; what is printed has exactly the members that are documented."""
        told = COMMANDS[path_of(command)]
        case = case or next((one for one in told if one and one in command.split()), "")
        ended = self._run([*words_with(command, put or {}), "--json"])
        assert ended.code == code, ended.out + ended.err
        return printed_by(path_of(command), ended.out, case)

    def shape_of(self, command: str) -> Any:
        """What a command without further options is to print with `--json`."""
        return COMMANDS[path_of(command)][""]

    def both(self, command: str, says: str, *, code: int = 0, **more: Any) -> Any:
        """Type a command that changes nothing, and once more with `--json`."""
        self.type(command, says, code=code, put=more.get("put"))
        return self.ask(command, code=code, **more)

    def _run(self, words: list[str]) -> Printed:
        """Run the command in this process; it is in the folder already."""
        ended = typed(words)
        return Printed(ended.returncode, ended.stdout, ended.stderr)

    # --- commands that must have a process of their own -----------------------------------------

    @contextmanager
    def started(
        self, command: str, put: Mapping[str, Put] | None = None
    ) -> Iterator[subprocess.Popen[str]]:
        """A command that goes on; it is ended as by Ctrl-C, if it has not ended by then."""
        with subprocess.Popen(
            [sys.executable, "-c", CALL, *words_with(command, put or {})],
            cwd=self.folder,
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            # Whoever runs the tests in the background may have had SIGINT ignored for them.
            preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
        ) as process:
            try:
                yield process
            finally:
                if process.poll() is None:
                    process.send_signal(signal.SIGINT)

    def shell(self, line: str, **more: str) -> Printed:
        """Type a line into a shell that has `prefdrop` on its path."""
        command = self.folder / "bin" / "prefdrop"
        if not command.exists():
            command.parent.mkdir()
            command.write_text(f"#!{sys.executable}\n{CALL.replace('; ', chr(10))}\n")
            command.chmod(0o755)
        path = f"{command.parent}:{os.environ['PATH']}"
        done = subprocess.run(
            [shutil.which("bash") or "bash", "-c", line],
            cwd=self.folder,
            env=self.environment() | {"PATH": path} | more,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        return Printed(done.returncode, done.stdout, done.stderr)

    def environment(self) -> dict[str, str]:
        """This process's, with the modules of the tests and no desktop to open a browser on."""
        gone = ("DISPLAY", "WAYLAND_DISPLAY")
        kept = {name: value for name, value in os.environ.items() if name not in gone}
        return kept | {"PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, sys.path)])}

    def aws(self, command: str, names: dict[str, str]) -> str:
        """Type a command of the AWS CLI; what went wrong, or nothing."""
        try:
            answer = AwsCommand(command, self.bench.stack.client, self.folder, names).run()
        except Exception as error:
            return f"{type(error).__name__}: {error}"
        if isinstance(answer, dict) and "BackupDetails" in answer:
            names["BACKUP_ARN"] = answer["BackupDetails"]["BackupArn"]
        return ""

    def aws_names(self) -> dict[str, str]:
        """What a reader puts for the names in the pages' commands."""
        resources = self.bench.stack.client("cloudformation").describe_stack_resources(
            StackName="prefdrop"
        )
        made = {
            one.get("LogicalResourceId", ""): one.get("PhysicalResourceId", "")
            for one in resources["StackResources"]
        }
        self.bench.s3.create_bucket(Bucket="another")
        return {
            "TABLE": self.bench.stack.outputs["ImportsTableName"],
            "$BUCKET": self.bench.bucket,
            "BUCKET": self.bench.bucket,
            "OLD": self.bench.bucket,
            "NEW": "another",
            "RULE": made["DropRule"],
            "KEY": made["DataKey"],
        }

    # --- what is there to talk about ------------------------------------------------------------

    def deliver(self, body: str) -> None:
        """Send something to the stack's webhook, as whoever knows its address may."""
        address, kind = self.bench.stack.webhook_url or "", {"Content-Type": "application/json"}
        requests.post(address, data=body, headers=kind, timeout=PATIENCE).raise_for_status()

    def held(self) -> str:
        """Drop a file that a gate holds; returns the import's id."""
        version = self.bench.drop(ONE_WRONG, "held")
        execution = self.bench.execution_of(version)
        self.bench.wait_for_step("AwaitApprovalFunction", of=execution)
        return self.id_of(version)

    def ended(self, import_id: str) -> str:
        """How an import ended, once it is in the ledger and the execution at work on it is over."""

        def find() -> dict[str, Any] | None:
            return next((o for o in self.bench.imports() if o["import_id"] == import_id), None)

        self.bench.end_of(self.bench.wait_for(find)["execution_arn"])
        status: str = self.bench.wait_for(find)["status"]
        return status


def words_with(command: str, put: Mapping[str, Put]) -> list[str]:
    """A command's words with what a reader puts for those of the page."""
    left = {word: list(value) for word, value in put.items() if isinstance(value, tuple)}
    words = []
    for word in words_of(command):
        value = left[word].pop(0) if word in left else put.get(word, word)
        assert isinstance(value, str)
        words.append(value)
    return words
