"""Every command that README and the pages show is typed, and does what the page says it does.

`test_shown.py` holds the commands that are typed here to those that the pages show.
"""

from __future__ import annotations

import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from prefdrop_cli.shapes.stack import ConsoleAddress, SandboxAddress
from prefdrop_local.stack import Invocation
from tests.integration.pages.desk import Desk
from tests.integration.pages.elsewhere import NOT_ON_MOTO
from tests.shapes import held_to
from tests.shown_commands import aws_commands
from tests.tiers import second_tier
from tests.workbench import FEED, PATIENCE, ROOT, people

pytestmark = second_tier("types every command that a page shows; test_shown checks each of them")


def test_a_feed_is_inferred_and_checked(desk: Desk) -> None:
    desk.writes("FEED.toml", "")
    put = {"FEED.toml": "inferred.toml"}
    desk.type("prefdrop feeds infer FILE.csv -o FEED.toml", "mapped", put=put)
    assert desk.ask("prefdrop feeds infer FILE.csv")["out"] is None

    desk.writes("FEED.toml", FEED)
    desk.both("prefdrop feeds check FEED.toml", "The feed FEED is valid.")
    checked = desk.both(
        "prefdrop feeds check FEED.toml FILE.csv --sandbox", "NotAnEmail", code=3, case="DATA"
    )
    assert (checked["rows"], checked["rejected"]) == (4, 1)
    desk.both("prefdrop feeds check FEED.toml FILE", "NotAnEmail", code=3, case="DATA")


def test_a_feed_whose_names_are_unknown_is_refused_by_name(desk: Desk) -> None:
    desk.writes("unknown.toml", FEED.replace("NEWS_WEEKLY", "NEWS_WEKLY"))

    refused = desk.ask(
        "prefdrop feeds check unknown.toml --sandbox", code=2, case="(names unknown)"
    )

    assert "NEWS_WEEKLY" in refused["errors"][0]["hint"]


@pytest.fixture(scope="module")
def done(desk: Desk) -> str:
    """An import of a file with one wrong row, that a reader of the pages has dropped."""
    desk.ask("prefdrop feeds push FEED.toml NAME.toml held.toml")
    desk.type("prefdrop feeds push FEED.toml", "Pushed s3://")
    report = desk.ask("prefdrop drop FILE.csv --feed FEED --watch", code=3)
    import_id: str = report["import_id"]
    return import_id


def test_a_file_is_dropped_and_followed(desk: Desk, done: str) -> None:
    desk.type("prefdrop drop FILE.csv --feed FEED --watch", "CompletedWithRejects", code=3)
    desk.type("prefdrop drop FILE --feed NAME --watch", "CompletedWithRejects", code=3)
    desk.both("prefdrop imports watch ID", "rows read", code=3, put={"ID": done})

    dropped = desk.ask("prefdrop drop FILE --feed NAME")
    assert desk.ended(dropped["import_id"]) == "CompletedWithRejects"


def test_what_there_is_can_be_listed(desk: Desk, done: str) -> None:
    assert "FEED" in [one["feed"] for one in desk.both("prefdrop feeds list", "feeds/FEED.toml")]
    listed = desk.both("prefdrop imports list", done)
    assert "rejects" in [one["needs"] for one in listed]
    desk.type("prefdrop imports list --json", f'"import_id":"{done}"')
    assert desk.both("prefdrop imports list --status Failed", "No import is Failed.") == []


def test_one_import_is_told(desk: Desk, done: str) -> None:
    shown = desk.both("prefdrop imports show ID", "What happened", put={"ID": done})

    assert (shown["rows_read"], shown["processed"], shown["rejects"]["count"]) == (4, 3, 1)
    desk.type("prefdrop imports show imp-0000000000000000 --json", "UnknownImport", code=2)


def test_rejects_are_fetched_corrected_and_dropped(desk: Desk, done: str) -> None:
    put = {"ID": done}
    desk.both("prefdrop imports rejects ID -o rejects.csv", "Wrote rejects.csv", put=put)
    rejects = desk.folder / "rejects.csv"
    assert "NotAnEmail" in rejects.read_text("utf-8")

    rejects.write_text(rejects.read_text("utf-8").replace("no-address", "ida@example.test"))
    desk.type("prefdrop drop rejects.csv --feed NAME --watch", "Completed")


def test_a_held_import_is_approved(desk: Desk, done: str) -> None:
    held = desk.held()
    listed = desk.both("prefdrop imports list --open", held)
    assert [one["needs"] for one in listed] == ["decision"]
    # While it goes on it has no report: the same members are told from the ledger.
    assert desk.ask("prefdrop imports show ID", put={"ID": held})["status"] == "Held"

    desk.type("prefdrop imports approve ID", "goes on", put={"ID": held})

    assert desk.ended(held) == "CompletedWithRejects"


def test_a_held_import_is_corrected_and_approved(desk: Desk, done: str) -> None:
    held = desk.held()
    desk.ask("prefdrop imports rejects ID -o rejects.csv", put={"ID": held})
    rejects = desk.folder / "rejects.csv"
    rejects.write_text(rejects.read_text("utf-8").replace("no-address", "ida@example.test"))

    desk.ask("prefdrop imports approve ID --with rejects.csv", put={"ID": held})

    assert desk.ended(held) == "Completed"


def test_a_held_import_is_cancelled(desk: Desk, done: str) -> None:
    held = desk.held()

    report = desk.ask("prefdrop imports cancel ID --watch", code=4, put={"ID": held})

    assert report["status"] == "Aborted"
    desk.type("prefdrop imports cancel ID", "has ended Aborted", code=2, put={"ID": held})
    assert desk.ask("prefdrop imports show ID", put={"ID": held})["status"] == "Aborted"


def test_a_failed_import_is_retried(desk: Desk, done: str) -> None:
    version = desk.drop_and_wait(people(2), "nobody-made-it")
    failed = desk.id_of(version)
    desk.ask("prefdrop imports retry ID", put={"ID": failed})
    assert desk.ended(failed) == "Failed"
    assert desk.ask("prefdrop imports show ID", put={"ID": failed})["error"]["hint"]

    desk.bench.push_feed(FEED, "nobody-made-it")
    desk.type("prefdrop imports retry ID", "goes on", put={"ID": failed})
    assert desk.ended(failed) == "Completed"
    desk.type("prefdrop imports retry ID --force", "Completed", code=2, put={"ID": failed})
    desk.type("prefdrop imports retry ID --except-newer", "Completed", code=2, put={"ID": failed})


# --- Ctrl-C ---------------------------------------------------------------------------------------


def wait_for_line(process: subprocess.Popen[str], begins: str) -> None:
    """Read what a command says on standard error until a line begins so."""
    assert process.stderr
    for line in process.stderr:
        if line.startswith(begins):
            return
    raise AssertionError(f"it never said {begins}")


@pytest.fixture
def gates(desk: Desk) -> Iterator[threading.Event]:
    """Imports that are staged wait for this event."""
    opened = threading.Event()

    def stop_here(call: Invocation) -> None:
        if call.function == "ApplyGatesFunction" and call.ended is None:
            opened.wait()

    stop = desk.bench.stack.on_invoke(stop_here)
    yield opened
    opened.set()
    stop()


def test_ctrl_c_leaves_an_import_running_and_says_how_to_watch_it_again(
    desk: Desk, done: str, gates: threading.Event
) -> None:
    with desk.started("prefdrop drop FILE.csv --feed FEED --watch") as watching:
        wait_for_line(watching, "staging")
        watching.send_signal(signal.SIGINT)
        _, said = watching.communicate(timeout=PATIENCE)
    gates.set()

    assert watching.returncode == 130
    assert "The import goes on." in said
    assert "Traceback" not in said
    again = said[said.index("prefdrop imports watch imp-") :].split("\n")[0]
    desk.type(again, "CompletedWithRejects", code=3)


def test_ctrl_c_leaves_the_run_of_an_export_running_and_says_how_to_see_it(desk: Desk) -> None:
    desk.ask("prefdrop exports push exports/crm-contacts.toml")
    with desk.started("prefdrop exports run crm-contacts") as running:
        wait_for_line(running, "waiting")
        running.send_signal(signal.SIGINT)
        _, said = running.communicate(timeout=PATIENCE)

    assert running.returncode == 130
    again = said[said.index("prefdrop exports show crm-contacts ") :].split("\n")[0]
    while desk.ask(again)["status"] not in ("Completed", "Failed"):
        time.sleep(0.2)


# --- events ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def event(desk: Desk, done: str) -> dict[str, Any]:
    """An event that the vendor has delivered, once the stack was subscribed by a file."""
    put = {"FILE": "subscriptions.toml"}
    planned = desk.both("prefdrop subscriptions plan FILE", "would be changed", put=put)
    assert [step["deed"] for step in planned["steps"]] == ["create"]
    desk.type("prefdrop subscriptions apply FILE", "Done: 1 changed.", put=put)
    assert desk.ask("prefdrop subscriptions apply FILE", put=put)["applied"] is True
    desk.writes("others.csv", people(3, first=50))
    desk.ask("prefdrop drop others.csv --feed FEED --watch")
    desk.ask("prefdrop events backfill")
    found: dict[str, Any] = desk.ask("prefdrop events list")[0]
    return found


def test_events_are_found_by_person_day_and_type(desk: Desk, event: dict[str, Any]) -> None:
    person = {"9100231": event["profile_id"], "ID": event["profile_id"]}
    known = event["event_id"]

    desk.both("prefdrop events list", known)
    desk.both("prefdrop events list --since 1h", known)
    desk.type("prefdrop events list --since …", known, put={"…": "2h"})
    for command in (
        "prefdrop events list --profile 9100231",
        "prefdrop events list --profile ID",
    ):
        assert known in [one["event_id"] for one in desk.both(command, known, put=person)]
    desk.both("prefdrop events list --since 2h --type consent", "No such event is kept.")
    desk.both("prefdrop events list --alternate-id C-000981", "No such event is kept.")


def test_one_event_is_shown_whole(desk: Desk, event: dict[str, Any]) -> None:
    put = {"5b0f5c1e-0a52-4f0b-9c56-2d1d6f6e9a10": event["event_id"], "ID": event["event_id"]}

    desk.both("prefdrop events show 5b0f5c1e-0a52-4f0b-9c56-2d1d6f6e9a10", "The event", put=put)
    assert desk.both("prefdrop events show ID", "The event", put=put)["event"]


def test_what_is_no_event_is_listed(desk: Desk) -> None:
    desk.both("prefdrop events exceptions", "Nothing of that kind came.")

    desk.deliver('{"hello": 1}')

    assert [one["code"] for one in desk.both("prefdrop events exceptions", "code")]


def test_events_are_read_back(desk: Desk, event: dict[str, Any]) -> None:
    put = {
        "9100231": event["profile_id"],
        "42": event["subscription_id"],
        "5b0f5c1e-0a52-4f0b-9c56-2d1d6f6e9a10": event["event_id"],
        "…": ("2h", "1h"),
    }

    desk.both("prefdrop events backfill", "stored")
    desk.both("prefdrop events backfill --since 15d", "stored")
    desk.type("prefdrop events backfill --profile 9100231 --since 3d", "stored", put=put)
    desk.type("prefdrop events backfill --subscription 42", "stored", put=put)
    desk.type("prefdrop events backfill --event 5b0f5c1e-0a52-4f0b-9c56-2d1d6f6e9a10", "stored",
              put=put)  # fmt: skip
    desk.type("prefdrop events backfill --event ID", "stored", put={"ID": event["event_id"]})
    desk.type("prefdrop events backfill --profile ID", "stored", put={"ID": event["profile_id"]})
    desk.type("prefdrop events backfill --since … --until … --subscription ID", "stored",
              put={**put, "ID": event["subscription_id"]})  # fmt: skip


# --- exports --------------------------------------------------------------------------------------


def test_an_export_is_put_there_run_and_shown(desk: Desk, done: str) -> None:
    for name in ("crm-contacts", "NAME"):
        desk.ask(f"prefdrop exports push exports/{name}.toml")
    desk.type("prefdrop exports push exports/NAME.toml", "exports/NAME.toml")
    desk.type("prefdrop exports run crm-contacts", "Completed")
    desk.type("prefdrop exports run NAME", "Completed")

    run = desk.ask("prefdrop exports run NAME --full --out exported")
    assert run["full"]
    assert [Path(file).name for file in run["files"]][-1] == "manifest.json"
    desk.type("prefdrop exports run NAME --full", "Completed")
    shown = desk.both("prefdrop exports show NAME", "Objects")
    assert shown["manifest"]["run"] == shown["run"]
    desk.both("prefdrop exports list", "crm-contacts")


def test_a_run_can_be_started_and_left(desk: Desk, done: str) -> None:
    desk.ask("prefdrop exports push exports/NAME.toml")
    started = desk.ask("prefdrop exports run NAME --no-wait")

    while desk.ask(f"prefdrop exports show NAME {started['run']}")["status"] not in (
        "Completed", "Skipped"
    ):  # fmt: skip
        time.sleep(0.2)


def test_an_export_is_run_whole_on_this_machine(desk: Desk) -> None:
    command = "prefdrop local export exports/crm-contacts.toml"

    ended = desk.shell(f"{command} --json")

    assert ended.code == 0, ended.err
    run = held_to(desk.shape_of(command), ended.out)
    assert run["status"] == "Completed"
    assert [Path(file).name for file in run["files"]] == ["manifest.json"]


# --- the stack ------------------------------------------------------------------------------------


def test_the_configuration_is_pulled_and_shown(desk: Desk) -> None:
    desk.both("prefdrop configuration pull", "snapshot.json is")
    shown = desk.both("prefdrop configuration show", "NEWS_WEEKLY")

    assert shown["client_id"] == "DEMO_CLIENT"


def test_the_limit_is_told(desk: Desk, done: str) -> None:
    assert desk.both("prefdrop quota", "left")["used"] > 0


def test_the_stack_is_examined(desk: Desk, event: dict[str, Any]) -> None:
    examined = desk.both("prefdrop doctor", "0 failed")

    assert examined["well"]
    asked = desk.ask("prefdrop doctor --assumptions")
    assert {one["outcome"] for one in asked["assumptions"]} == {"held", "could not be told"}


def test_first_hour_is_tried_and_its_file_held(desk: Desk) -> None:
    assert desk.ask("prefdrop doctor --first-hour --writes")["well"]
    desk.type("prefdrop doctor --first-hour", "skipped turn comes")
    page = (ROOT / "docs/deploy.md").read_text("utf-8")
    desk.writes("first-hour.toml", page.split("```toml\n")[1].split("```")[0])
    desk.writes("first-hour.csv", f"id,pad\nFH-1,{1:090d}\n")
    desk.type("prefdrop feeds push first-hour.toml", "Pushed s3://")
    executed = desk.bench.requests_to("import.execute")

    desk.type("prefdrop drop first-hour.csv --feed first-hour --watch", "Held", code=4)

    held = desk.ask("prefdrop imports list --open")[0]["import_id"]
    assert desk.ask("prefdrop imports cancel ID --watch", code=4, put={"ID": held})["staged"] == 1
    assert desk.bench.requests_to("import.execute") == executed


def free_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


def test_the_console_is_served_until_ctrl_c(desk: Desk) -> None:
    with desk.started("prefdrop console") as console:
        wait_for_line(console, "The console of stack prefdrop is up")
        assert console.stdout
        assert console.stdout.readline().startswith("http://127.0.0.1:")
        console.send_signal(signal.SIGINT)
        _, said = console.communicate(timeout=PATIENCE)
    assert console.returncode == 0
    assert "The console is closed." in said

    port = free_port()
    with desk.started("prefdrop console --port 8765 --json", put={"8765": port}) as console:
        assert console.stdout
        told = held_to(ConsoleAddress, console.stdout.readline())
        assert f":{port}/" in told["url"]


def test_the_sandbox_is_served_until_ctrl_c(desk: Desk) -> None:
    with_another = (
        "prefdrop sandbox --assume 'import.stage=Async/{clientId}/Import/{accessToken}' "
        "--assume stage.records=Records"
    )
    for command in ("prefdrop sandbox", with_another):
        with desk.started(command) as sandbox:
            assert sandbox.stdout
            assert held_to(SandboxAddress, sandbox.stdout.readline())["user_id"] == "demo.api.user"


# --- help, version, completion --------------------------------------------------------------------


def test_help_is_given(desk: Desk) -> None:
    desk.type("prefdrop --help", "On this machine: begin here")
    assert "--assume" in desk.shell("prefdrop sandbox --help").out


def test_completion_is_installed_for_the_shell_in_use(desk: Desk) -> None:
    home = desk.folder / "home"
    home.mkdir()

    done = desk.shell("prefdrop --install-completion; exit $?", HOME=str(home), SHELL="/bin/bash")

    assert done.code == 0, done.err
    assert "bash completion installed" in done.out
    asked = "source ~/.bashrc; COMP_WORDS=(prefdrop imports sh); COMP_CWORD=2; "
    completed = desk.shell(
        f'{asked}_prefdrop_completion prefdrop; echo "${{COMPREPLY[@]}}"', HOME=str(home)
    )
    assert "show" in completed.out


# --- the AWS CLI: last, since what it removes is gone ---------------------------------------------


def test_the_aws_commands_of_the_pages_work(desk: Desk, done: str) -> None:
    desk.writes("secret.json", '{"auth": "pnauthinfo3", "user_id": "u", "secret": "s"}')
    desk.writes("routes-1.json", '{"import.stage": "Async/{clientId}/Import/{accessToken}"}')
    names = desk.aws_names()

    failed = [
        f"{command}\n  {why}"
        for command in aws_commands()
        if not command.startswith(tuple(NOT_ON_MOTO)) and (why := desk.aws(command, names))
    ]

    assert not failed, "\n".join(failed)
