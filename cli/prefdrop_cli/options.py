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

VendorUrl = Annotated[
    str,
    typer.Option(help="API base of a MyPreferences server to use instead of the sandbox."),
]
VendorToExamine = Annotated[
    str,
    typer.Option(
        "--vendor-url", help="API base of a MyPreferences server to examine instead of a stack."
    ),
]
ClientId = Annotated[str, typer.Option(help="MyPreferences account id at that server.")]
UserId = Annotated[str, typer.Option(help="API user of that account.")]
Secret = Annotated[
    str,
    typer.Option(
        envvar="PREFDROP_VENDOR_SECRET",
        help="Shared key, or client secret with --auth oauth2. Better given in the environment.",
    ),
]
Auth = Annotated[str, typer.Option(help="pnauthinfo3 or oauth2.")]
OauthClientId = Annotated[str, typer.Option(help="OAuth client id, with --auth oauth2.")]
TokenUrl = Annotated[
    str, typer.Option(help="OAuth token URL, where it differs from the server's default.")
]

DEFAULT_STACK = "prefdrop"
