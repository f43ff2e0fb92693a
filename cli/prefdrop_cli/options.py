"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

AsJson = Annotated[bool, typer.Option("--json", help="Print the result as one line of JSON.")]
Stack = Annotated[
    str, typer.Option("--stack", envvar="PREFDROP_STACK", help="CloudFormation stack to work on.")
]
Endpoint = Annotated[
    str,
    typer.Option(
        "--endpoint",
        envvar="PREFDROP_ENDPOINT",
        help="Endpoint of a running local stack, as `prefdrop local up` prints it.",
    ),
]
ImportId = Annotated[str, typer.Argument(metavar="ID", help="The import's id.")]
SourceFile = Annotated[Path, typer.Argument(metavar="FILE", help="The file to import.")]

AllowHosts = Annotated[
    list[str],
    typer.Option(
        "--allow-host",
        metavar="NAME",
        help="Answer under this name too, such as host.docker.internal; repeatable.",
    ),
]

DEFAULT_STACK = "prefdrop"
