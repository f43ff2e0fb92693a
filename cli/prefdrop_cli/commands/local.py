"""`prefdrop local`: the whole of Prefdrop on this machine."""

from __future__ import annotations

import signal
import time
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Any

import typer

from prefdrop_cli.dropping import drop_file, push_feed
from prefdrop_cli.exits import Exit, exit_for
from prefdrop_cli.local_stack import RunningStack, running_stack
from prefdrop_cli.options import AllowHosts, AsJson, SourceFile
from prefdrop_cli.output import note, say, say_json
from prefdrop_cli.preflight import open_source, read_feed
from prefdrop_cli.progress import progress_for
from prefdrop_cli.results import fetch, print_summary, report_of, require_free, require_writable
from prefdrop_cli.shapes.stack import Places
from prefdrop_cli.vendors import SANDBOX, VendorOptions, with_vendor
from prefdrop_cli.watching import follow

if TYPE_CHECKING:
    from prefdrop_local.stack import ExternalVendor

app = typer.Typer(help="Run Prefdrop whole on this machine.", no_args_is_help=True)

FeedFile = Annotated[Path, typer.Option("--feed", metavar="FEED.toml", help="The file's feed.")]
FeedFiles = Annotated[
    list[Path], typer.Option("--feed", metavar="FEED.toml", help="Push this feed at start.")
]
Out = Annotated[
    Path | None,
    typer.Option("--out", help="Folder for report and rejects; else out/<import id>."),
]
RESULTS = Path("out")
EVENTS_SECONDS = 10.0
"""How long `run` waits, once the import has ended, for the events that it has caused."""
Port = Annotated[
    int, typer.Option(min=0, max=65535, help="Port of the endpoint; 0 takes a free one.")
]


@dataclass(frozen=True)
class _Done:
    """A run's report, the files written, and what came back of it as events."""

    report: dict[str, Any]
    files: dict[str, Path]
    events: dict[str, Any] | None


@app.command(epilog="Example: prefdrop local run people.csv --feed people.toml --out out")
@with_vendor
def run(
    file: SourceFile,
    feed: FeedFile,
    out: Out = None,
    options: VendorOptions = SANDBOX,
    allow_host: AllowHosts = [],  # noqa: B006 - typer reads the default and never changes it
    as_json: AsJson = False,
) -> None:
    """Import FILE with FEED.toml: start a stack, drop the file, show the report, stop the stack.

    The records go to the sandbox, unless --vendor-url names another server.
    """
    server = options.server()
    loaded = read_feed(feed)
    open_source(file, loaded)
    if out is not None:
        require_free(out, file)
    require_writable(out or RESULTS)
    end_on_signals()
    try:
        done = _run(file, feed, loaded.name, out, server, allow_hosts=allow_host, as_json=as_json)
    except KeyboardInterrupt:
        note("Interrupted: the local stack is stopped and nothing is left running.")
        raise typer.Exit(Exit.INTERRUPTED) from None
    _tell(done, as_json=as_json)
    raise typer.Exit(exit_for(done.report["status"]))


def _run(
    file: Path,
    feed: Path,
    feed_name: str,
    out: Path | None,
    server: ExternalVendor | None,
    *,
    allow_hosts: list[str],
    as_json: bool,
) -> _Done:
    """Do the whole job on a stack of its own."""
    began = time.monotonic()
    with running_stack(server, hold_events=True, allow_hosts=allow_hosts) as stack:
        if not as_json:
            note(f"Local stack up in {time.monotonic() - began:.1f} s. {stack.gaps()}".rstrip())
        deployment = stack.deployment
        push_feed(deployment, feed)
        dropped = drop_file(deployment, file, feed_name)
        with progress_for(as_json=as_json) as progress:
            ended = follow(deployment, dropped.import_id, progress)
        report = report_of(deployment, ended)
        files = fetch(deployment, ended, report, out or RESULTS / ended.import_id)
        return _Done(report, files, _events_of(stack))


def _events_of(stack: RunningStack) -> dict[str, Any] | None:
    """What came back of the import; more may be on the way when it was a large one."""
    if stack.events is None:
        return None
    stack.events.release()
    complete = stack.events.wait(EVENTS_SECONDS)
    return {"came_back": stack.events.count, "complete": complete}


def _tell(done: _Done, *, as_json: bool) -> None:
    if as_json:
        files = {kind: str(path) for kind, path in done.files.items()}
        say_json({**done.report, "files": files, "events": done.events})
        return
    report = done.report
    print_summary(report)
    if done.events is not None:
        more = "" if done.events["complete"] else ", more were on the way"
        say(f"  {'events that came back':<20}  {done.events['came_back']:,}{more}")
    for kind, path in done.files.items():
        say(f"  {kind:<20}  {path}")
    if report["status"] == "Held":
        say("The run ends here. To decide held imports, drop files into `prefdrop local up`.")


@app.command(epilog="Example: prefdrop local up --feed people.toml")
@with_vendor
def up(
    feed: FeedFiles = [],  # noqa: B006 - typer reads the default and never changes it
    port: Port = 0,
    options: VendorOptions = SANDBOX,
    allow_host: AllowHosts = [],  # noqa: B006 - typer reads the default and never changes it
    as_json: AsJson = False,
) -> None:
    """Start the local stack and keep it up until Ctrl-C; any S3 client can drop files into it."""
    server = options.server()
    for path in feed:
        read_feed(path)
    end_on_signals()
    try:
        with running_stack(server, port=port, allow_hosts=allow_host) as stack:
            for path in feed:
                push_feed(stack.deployment, path)
            _tell_endpoints(stack.places(), stack.gaps(), as_json=as_json)
            while True:
                signal.pause()
    except KeyboardInterrupt:
        note("The local stack is stopped.")


def _tell_endpoints(places: Places, gaps: str, *, as_json: bool) -> None:
    if as_json:
        say_json(places)
        return
    note(f"The local stack is up; Ctrl-C stops it. {gaps}".rstrip())
    say(f"# vendor: {places.vendor_url}   bucket: {places.bucket}")
    say(f"# events that the vendor reports come to: {places.webhook_url}")
    say("# In another terminal, for `prefdrop drop`, `prefdrop imports` and the rest:")
    say(f"export PREFDROP_ENDPOINT={places.endpoint}")
    say("# For the AWS CLI and other S3 clients:")
    say(f"export AWS_ENDPOINT_URL={places.endpoint} AWS_DEFAULT_REGION={places.region}")
    say("export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test")


def end_on_signals() -> None:
    """Make SIGTERM end the command as Ctrl-C does, so that nothing is left running.

    A shell starts background jobs with SIGINT ignored; there it has to work as well.
    """

    def interrupt(_signal: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)
    signal.signal(signal.SIGINT, interrupt)
