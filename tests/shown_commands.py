"""The commands that README and the pages show, as a reader would type them."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import typer

from prefdrop_cli.main import app

REPOSITORY = Path(__file__).resolve().parents[1]
PAGES = [
    *(REPOSITORY / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md")),
    *sorted(REPOSITORY.glob("docs/**/*.md")),
]
PROGRAMS = ("prefdrop", "make", "python", "sam", "aws", "git", "pip", "pre-commit", "ssh", "source")
ENDS = {"|", ">", ">>", "<", "&&", ";", "#", "&"}
"""What ends a command in a shell's line."""
_COMMAND = rf"(?:\w+=\S+ )*(?:\.venv/bin/)?((?:{'|'.join(PROGRAMS)})\s.*)"


class Shown(NamedTuple):
    """A command that a page shows."""

    page: str
    text: str
    """The command alone: without prompt, assignments, comment and what it is piped into."""
    whole: bool
    """It stands in a block to be typed as it is; in a sentence it may be a name only."""


def shown() -> Iterator[Shown]:
    """All of them, page by page."""
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        name = str(page.relative_to(REPOSITORY))
        for command in fenced(text):
            yield Shown(name, command, whole=True)
        for command in inline(text):
            yield Shown(name, command, whole=False)


def aws_commands() -> list[str]:
    """The calls of the AWS CLI in the order of the pages; what removes the stack comes last."""
    kept, removing = [], []
    for page in PAGES:
        head, _, tail = page.read_text(encoding="utf-8").partition("\n## Remove\n")
        last, _, rest = tail.partition("\n## ")
        removing.append(last)
        kept += [head, f"\n## {rest}"]
    commands = [c for text in (*kept, *removing) for c in (*fenced(text), *inline(text))]
    return [c for c in commands if c.startswith("aws ") and (" --" in c or "s3://" in c)]


def fenced(text: str) -> Iterator[str]:
    """The commands of fenced blocks, with continued lines joined."""
    for language, block in re.findall(r"^ *```(\w*)\n(.*?)^ *```", text, re.MULTILINE | re.DOTALL):
        if language not in ("", "sh", "bash", "console"):
            continue
        for line in block.replace("\\\n", " ").splitlines():
            if found := re.match(rf"\s*(?:\$ )?{_COMMAND}", line):
                yield alone(found[1])


def inline(text: str) -> Iterator[str]:
    """The commands that stand in a sentence or a table."""
    prose = re.sub(r"^ *```.*?^ *```", "", text, flags=re.MULTILINE | re.DOTALL)
    for code in re.findall(r"`([^`\n]+)`", prose):
        if found := re.fullmatch(_COMMAND, code):
            yield alone(found[1])


def alone(command: str) -> str:
    """A command up to where the shell would end it."""
    kept = []
    for word in re.findall(r"""(?:[^\s"']|"[^"]*"|'[^']*')+""", command.replace("\\|", "|")):
        if word in ENDS or word.startswith("#"):
            break
        kept.append(word)
    return " ".join(kept)


def words_of(command: str) -> list[str]:
    """A command's words, without the program's own name."""
    return shlex.split(command)[1:]


@cache
def _known() -> Any:
    return typer.main.get_command(app)


@cache
def path_of(command: str) -> str:
    """Which command of `prefdrop` it is, such as `imports show`; empty for the whole."""
    known = _known()
    path = []
    for word in words_of(command):
        if word not in getattr(known, "commands", {}):
            break
        known = known.commands[word]
        path.append(word)
    return " ".join(path)
