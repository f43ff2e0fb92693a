"""`prefdrop configuration`, and what `feeds check` makes of a snapshot."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from prefdrop.configuring.snapshot import Snapshot
from prefdrop.configuring.store import KEY
from prefdrop_cli.deployments import Deployment
from prefdrop_cli.main import main

Run = Any
FEED = """[import]
name = "crm"
match_alternate_id = "CrmContactId"
[source]
format = "csv"
[columns]
crm_id = "AlternateIds[AlternateIdType=CrmContactId].AlternateId"
email = "Emails[EmailAddressType=Home].EmailAddress"
[columns.news]
to = "Emails[EmailAddressType=Home].EmailPreferences[FilterId=NEWS_WEKLY].PreferenceType"
values = { Y = 1, N = 2 }
"""


def snapshot(age: timedelta = timedelta(), client_id: str = "DEMO_CLIENT", **parts: Any) -> bytes:
    text = {"Locale": "es_US", "Name": "Boletín"}
    known = {
        "alternate_id_types": ({"TypeName": "CrmContactId", "IsActive": True},),
        "email_types": ({"TypeName": "Home", "RegularExpression": r"^\S+@(?!shop\.)\S+$"},),
        "filters": ({"FilterId": "NEWS_WEEKLY", "ProgramId": "News", "LocalizedFields": [text]},),
        **parts,
    }
    return msgspec.json.encode(
        Snapshot(
            client_id=client_id,
            taken_at=datetime.now(UTC) - age,
            locales=("es_US",),
            parts=known,
            unread={"picklists": "Forbidden"},
        )
    )


@pytest.fixture(autouse=True)
def no_stack_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PREFDROP_STACK", "PREFDROP_ENDPOINT", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Call the command in this process; returns exit code, standard output, standard error."""

    def run(*words: str | Path) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main([str(word) for word in words])
        shown = capsys.readouterr()
        return int(ended.value.code or 0), shown.out, shown.err

    return run


@pytest.fixture
def feed(tmp_path: Path) -> Path:
    path = tmp_path / "crm.toml"
    path.write_text(FEED)
    return path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "snapshot.json"
    path.write_bytes(snapshot())
    return path


def test_an_unknown_name_fails_the_check_with_its_place_and_the_nearest(
    run: Run, feed: Path, file: Path
) -> None:
    code, out, err = run("feeds", "check", feed, "--snapshot", file)

    assert (code, out) == (2, "")
    assert f"Error: {feed}, line 9, key columns.news: the account has no filter NEWS_WEKLY" in err
    assert "Did you mean NEWS_WEEKLY?" in err


def test_scripts_get_each_unknown_name_with_its_place(run: Run, feed: Path, file: Path) -> None:
    feed.write_text(FEED.replace("=Home].EmailA", "=Hom].EmailA"))

    code, out, _ = run("feeds", "check", feed, "--snapshot", file, "--json")

    told = json.loads(out)
    assert code == 2
    assert [(error["line"], error["key"]) for error in told["errors"]] == [
        (8, "columns.email"),
        (9, "columns.news"),
    ]
    assert told["error"]["code"] == "FeedError"


def test_rows_are_held_to_the_snapshot_as_well(run: Run, feed: Path, file: Path) -> None:
    feed.write_text(FEED.replace("WEKLY", "WEEKLY"))
    data = feed.with_suffix(".csv")
    data.write_text("crm_id,email,news\nC-1,ana@example.test,Y\nC-2,bo@shop.test,N\n")

    code, out, _ = run("feeds", "check", feed, data, "--snapshot", file, "--json")

    told = json.loads(out)
    assert code == 3
    assert [(reject["row"], reject["code"]) for reject in told["rejects"]] == [(2, "NotAnEmail")]
    assert told["configuration"]["from"] == str(file)
    assert told["configuration"]["stale"] is False


def test_a_stale_snapshot_is_said_and_refuses_nothing(run: Run, feed: Path, file: Path) -> None:
    file.write_bytes(snapshot(timedelta(days=8)))

    code, _, err = run("feeds", "check", feed, "--snapshot", file)

    assert code == 0
    assert "stale" in err
    assert "Warning:" in err
    assert "NEWS_WEKLY" in err


def test_without_a_snapshot_the_check_says_that_there_is_none(run: Run, feed: Path) -> None:
    code, out, err = run("feeds", "check", feed)

    assert code == 0
    assert "The feed crm is valid." in out
    assert "not checked against the account" in err


def test_a_stack_that_cannot_be_reached_is_said_and_the_feed_is_checked_by_itself(
    run: Run, feed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    monkeypatch.setenv("PREFDROP_ENDPOINT", "http://127.0.0.1:9/")

    code, out, err = run("feeds", "check", feed)

    assert code == 0
    assert "The feed crm is valid." in out
    assert "could not be read" in err


def test_a_file_that_is_no_snapshot_is_a_wrong_use(run: Run, feed: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.json"
    other.write_text("{}")

    code, _, err = run("feeds", "check", feed, "--snapshot", other)

    assert code == 2
    assert "is no configuration snapshot" in err


def test_the_stacks_own_snapshot_is_used_where_a_stack_is_named(
    run: Run, feed: Path, deployment: Deployment
) -> None:
    none_yet = run("feeds", "check", feed, "--stack", "prefdrop")
    deployment.s3.put_object(Bucket=deployment.bucket, Key=KEY, Body=snapshot())
    known = run("feeds", "check", feed, "--stack", "prefdrop")

    assert none_yet[0] == 0
    assert "The stack has no configuration snapshot" in none_yet[2]
    assert known[0] == 2
    assert "NEWS_WEEKLY" in known[2]


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b'{"version": 99}', "is not one that this release reads"),
        (snapshot(client_id="OTHER"), "is of another account than DEMO_CLIENT"),
    ],
)
def test_a_snapshot_that_an_import_would_not_use_is_said_and_not_used_here_either(
    run: Run, feed: Path, deployment: Deployment, body: bytes, why: str
) -> None:
    deployment.s3.put_object(Bucket=deployment.bucket, Key=KEY, Body=body)

    code, out, err = run("feeds", "check", feed, "--stack", "prefdrop")

    assert code == 0
    assert "The feed crm is valid." in out
    assert f"The stack's snapshot {why}, so the feed was not checked" in err
    assert "prefdrop configuration pull" in err


def test_a_group_that_the_account_has_not_is_a_warning(run: Run, feed: Path, file: Path) -> None:
    file.write_bytes(snapshot(group_names=({"GroupType": "Region", "GroupName": "North"},)))
    group = '[columns.region]\nto = "Groups[GroupType=Regoin].GroupName"\n'
    feed.write_text(FEED.replace("WEKLY", "WEEKLY") + group)

    code, _, err = run("feeds", "check", feed, "--snapshot", file)

    assert code == 0
    assert "Warning:" in err
    assert "no group type Regoin" in err
    assert "Did you mean Region?" in err


def test_a_pattern_that_is_not_understood_is_said_once(
    run: Run, feed: Path, file: Path, deployment: Deployment
) -> None:
    types = ({"TypeName": "Home", "RegularExpression": "/^[^@]+@[^@]+$/i"},)
    file.write_bytes(snapshot(email_types=types))
    deployment.s3.put_object(Bucket=deployment.bucket, Key=KEY, Body=file.read_bytes())
    feed.write_text(FEED.replace("WEKLY", "WEEKLY"))

    checked = run("feeds", "check", feed, "--snapshot", file)[2]
    shown = run("configuration", "show")[2]

    assert checked.count("pattern for e-mail addresses is not understood") == 1
    assert shown.count("pattern for e-mail addresses is not understood") == 1


def test_the_snapshot_is_shown_in_tables_and_as_it_is(run: Run, deployment: Deployment) -> None:
    body = snapshot()
    deployment.s3.put_object(Bucket=deployment.bucket, Key=KEY, Body=body)

    code, out, err = run("configuration", "show")
    whole = run("configuration", "show", "--json")[1]

    assert code == 0
    assert "NEWS_WEEKLY  News  Boletín" in out
    assert "picklists (Forbidden)" in err
    assert msgspec.json.decode(whole, type=Snapshot) == msgspec.json.decode(body, type=Snapshot)


def test_one_locales_texts_are_shown_where_there_are_any(run: Run, deployment: Deployment) -> None:
    deployment.s3.put_object(Bucket=deployment.bucket, Key=KEY, Body=snapshot())

    assert "Boletín" in run("configuration", "show", "--locale", "es_US")[1]
    code, _, err = run("configuration", "show", "--locale", "de_DE")
    assert code == 2
    assert "es_US" in err


def test_where_there_is_no_snapshot_the_way_to_one_is_told(
    run: Run, deployment: Deployment
) -> None:
    code, _, err = run("configuration", "show")

    assert code == 2
    assert "prefdrop configuration pull" in err
