"""`prefdrop feeds infer` and `prefdrop feeds check`: what they find, print and exit with."""

from __future__ import annotations

import gzip
import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from prefdrop.feeds import ChunkLimits, Cursor, load_feed
from prefdrop_cli import checking
from prefdrop_cli.checking import check_file
from prefdrop_cli.deployments import Deployment
from prefdrop_cli.main import main
from prefdrop_cli.preflight import open_source, read_feed
from tests.shapes import printed_by

EXAMPLES = Path(__file__).parents[3] / "feeds"
DOCS = Path(__file__).parents[3] / "docs"
CRM_FEED, CRM_DATA = EXAMPLES / "crm-contacts.toml", EXAMPLES / "crm-contacts.csv"
Run = Any


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Call the command in this process; returns exit code, standard output, standard error."""

    def run(*words: str | Path) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main([str(word) for word in words])
        shown = capsys.readouterr()
        return int(ended.value.code or 0), shown.out, shown.err

    return run


def a_feed(folder: Path, rest: str = "", imports: str = "") -> Path:
    feed = folder / "crm.toml"
    feed.write_text(
        f"""[import]
name = "crm"
match_alternate_id = "CrmContactId"
{imports}
[source]
format = "csv"
[columns]
crm_id = "AlternateIds[AlternateIdType=CrmContactId].AlternateId"
email = "Emails[EmailAddressType=Home].EmailAddress"
{rest}
"""
    )
    return feed


def a_file(folder: Path, rows: int, wrong: int = 0) -> Path:
    """A file of which the last `wrong` rows are rejected locally."""
    emails = ["a@example.test"] * (rows - wrong) + ["nobody"] * wrong
    data = folder / "crm.csv"
    lines = [f"C-{number},{email}" for number, email in enumerate(emails, 1)]
    data.write_text("\n".join(["crm_id,email", *lines, ""]))
    return data


# infer


def test_an_inferred_feed_is_printed_and_does_well_on_its_file(run: Run, tmp_path: Path) -> None:
    data = a_file(tmp_path, 30)

    code, out, err = run("feeds", "infer", data)
    feed = tmp_path / "inferred.toml"
    feed.write_text(out)

    assert code == 0
    assert "2 of 2 columns mapped; 30 records and 0 rejects from 30 rows." in err
    assert run("feeds", "check", feed, data)[0] == 0


def test_an_inferred_feed_is_written_and_what_follows_is_said(run: Run, tmp_path: Path) -> None:
    data, feed = a_file(tmp_path, 30), tmp_path / "crm.toml"

    code, out, err = run("feeds", "infer", data, "-o", feed, "--name", "nightly")

    assert (code, out) == (0, "")
    assert load_feed(feed.read_bytes(), file="crm.toml").import_.name == "nightly"
    assert f"prefdrop feeds check {feed} {data}" in err


def test_a_feed_that_is_there_is_not_overwritten_unless_forced(run: Run, tmp_path: Path) -> None:
    data, feed = a_file(tmp_path, 30), tmp_path / "crm.toml"
    feed.write_text("mine")

    code, _, err = run("feeds", "infer", data, "-o", feed)

    assert (code, feed.read_text()) == (2, "mine")
    assert "--force" in err
    assert run("feeds", "infer", data, "-o", feed, "--force")[0] == 0
    assert feed.read_text() != "mine"


def test_an_inferred_feed_as_json_says_of_each_column_where_it_goes_and_why(
    run: Run, tmp_path: Path
) -> None:
    code, out, _ = run("feeds", "infer", a_file(tmp_path, 30), "--json")

    told = json.loads(out)
    assert code == 0
    assert told["match"] == "CrmId"
    assert told["columns"][1] == {
        "column": "email",
        "to": ["Emails[EmailAddressType=Home].EmailAddress"],
        "sure": "sure",
        "why": "every value has the shape of an e-mail address, and the name says so",
        "notes": [],
    }
    assert told["check"] == {"rows": 30, "records": 30, "rejected": 0, "faults": {}, "passes": True}
    assert load_feed(told["text"].encode(), file="crm.toml")


@pytest.mark.parametrize("place", ["feed.schema.json", "docs/feed.schema.json"])
def test_a_schema_that_lies_near_is_named_by_its_relative_path(
    run: Run, tmp_path: Path, place: str
) -> None:
    feed = tmp_path / "feeds/crm.toml"
    for path in (feed, tmp_path / place):
        path.parent.mkdir(exist_ok=True)
    (tmp_path / place).write_text("{}")

    run("feeds", "infer", a_file(tmp_path, 30), "-o", feed)

    assert feed.read_text().startswith(f"#:schema ../{place}\n")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("nowhere.csv",), "does not exist"),
        ((CRM_DATA, "--timezone", "Mars/Olympus"), "is no time zone"),
        ((CRM_FEED.parent,), "is a folder"),
    ],
)
def test_what_nothing_can_be_inferred_from_is_wrong_use(
    run: Run, words: tuple[Any, ...], said: str
) -> None:
    code, out, err = run("feeds", "infer", *words)

    assert (code, out) == (2, "")
    assert said in err


def test_the_feed_inferred_from_the_example_maps_what_the_written_one_maps(run: Run) -> None:
    _, out, _ = run("feeds", "infer", CRM_DATA)

    inferred = load_feed(out.encode(), file="crm-contacts.toml")
    written = read_feed(CRM_FEED)

    def members(columns: dict[str, Any]) -> dict[str, str]:
        return {name: re.sub(r"\[.*?\]", "", each[0].to) for name, each in columns.items()}

    assert members(inferred.columns) == members(written.columns)
    assert inferred.ignore == written.ignore


# check


def test_a_clean_file_is_done(run: Run, tmp_path: Path) -> None:
    code, out, _ = run("feeds", "check", a_feed(tmp_path), a_file(tmp_path, 30))

    assert code == 0
    assert "would let it through" in out
    assert '"EmailAddress": "a@example.test"' in out


def test_rejects_are_told_by_reason_the_most_frequent_first_with_rows(
    run: Run, tmp_path: Path
) -> None:
    data = a_file(tmp_path, 100, wrong=8)
    data.write_text(data.read_text() + ",b@example.test\n")

    code, out, _ = run("feeds", "check", a_feed(tmp_path), data, "--json")

    told = json.loads(out)
    assert code == 3
    assert (told["rows"], told["records"], told["rejected"]) == (101, 92, 9)
    assert told["reasons"] == [
        {
            "code": "NotAnEmail",
            "column": "email",
            "reason": "Column email is not an e-mail address.",
            "count": 8,
            "rows": [93, 94, 95, 96, 97],
        },
        {
            "code": "MatchKeyMissing",
            "column": "crm_id",
            "reason": "Column crm_id is empty, and records are matched by it.",
            "count": 1,
            "rows": [101],
        },
    ]


def test_the_json_of_a_check_has_the_members_that_the_docs_list(run: Run, tmp_path: Path) -> None:
    _, out, _ = run("feeds", "check", a_feed(tmp_path), a_file(tmp_path, 3), "--json")

    assert printed_by("feeds check", out, "DATA")["rows"] == 3


def test_as_many_first_records_are_shown_as_asked_for(run: Run, tmp_path: Path) -> None:
    _, out, _ = run(
        "feeds", "check", a_feed(tmp_path), a_file(tmp_path, 30), "--json", "--show", "2"
    )

    ids = [each["AlternateIds"][0]["AlternateId"] for each in json.loads(out)["first_records"]]
    assert ids == ["C-1", "C-2"]


def test_check_of_a_file_reports_whether_a_gate_would_stop_it(
    subtests: pytest.Subtests, run: Run, tmp_path: Path
) -> None:
    for gates, imports, outcome in [
        ("", "", "abort"),
        ('over_gate = "hold"', "", "hold"),
        ("max_rejected_percent = 20", "", "pass"),
        ("max_rejected_percent = 20\nmin_records = 17", "", "abort"),
        ("max_rejected_percent = 20", "destructive = true\nmax_records = 15", "refuse"),
    ]:
        with subtests.test(gates=gates, imports=imports):
            feed = a_feed(tmp_path, f"[gates]\n{gates}", imports)

            code, out, _ = run("feeds", "check", feed, a_file(tmp_path, 20, wrong=4), "--json")

            gate = json.loads(out)["gate"]
            assert (code, gate["outcome"]) == (3, outcome)
            assert bool(gate["reason"]) is (outcome != "pass")


def test_a_gate_alone_would_stop_a_file_without_rejects(run: Run, tmp_path: Path) -> None:
    feed = a_feed(tmp_path, "[gates]\nmin_records = 50")

    assert run("feeds", "check", feed, a_file(tmp_path, 20))[0] == 4


def test_a_broken_feed_and_a_file_it_does_not_fit_are_wrong_use(run: Run, tmp_path: Path) -> None:
    feed, data = a_feed(tmp_path, "[gatess]"), a_file(tmp_path, 3)

    assert run("feeds", "check", feed, data)[0] == 2
    data.write_text("shoe_size\n42\n")
    assert run("feeds", "check", a_feed(tmp_path), data)[0] == 2


def test_warnings_of_a_feed_are_told(run: Run, tmp_path: Path) -> None:
    feed = a_feed(tmp_path, 'consent = "Consents[ConsentType=Marketing].ConsentStatus"')

    code, out, err = run("feeds", "check", feed)

    assert (code, out) == (0, "The feed crm is valid.\n")
    assert "never gets ConsentVersion and Locale" in err


def test_chunks_are_those_that_an_import_makes(tmp_path: Path) -> None:
    source = open_source(a_file(tmp_path, 500, wrong=7), read_feed(a_feed(tmp_path)))
    limits = ChunkLimits(bytes=5_000, records=10_000_000, rejects=10_000)

    made = list(source.chunks(Cursor(0, 0), limits, now=datetime.now(UTC)))
    whole = check_file(source, chunk_bytes=5_000)
    by_rows = check_file(source, chunk_bytes=5_000, rows=500)

    assert len(made) > 10
    bodies = [len(chunk.body) for chunk in made if chunk.records]
    for checked in (whole, by_rows):
        assert (checked.chunks, checked.body_bytes) == (len(bodies), sum(bodies))
        assert (checked.rows, checked.rejected, checked.whole) == (500, 7, True)


def test_only_the_first_rows_are_read_where_that_is_asked_for(run: Run, tmp_path: Path) -> None:
    feed = a_feed(tmp_path, "[gates]\nmin_records = 400")

    code, out, _ = run(
        "feeds", "check", feed, a_file(tmp_path, 500, wrong=7), "--rows", "99", "--json"
    )

    told = json.loads(out)
    assert (code, told["rows"], told["whole_file"]) == (0, 99, False)
    assert told["gate"]["outcome"] == "pass"


def test_what_is_kept_of_rejects_does_not_grow_with_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "crm.csv"
    data.write_text("crm_id,email\n" + "".join(f"C{',x' * n}\n" for n in range(2, 300)))
    monkeypatch.setattr(checking, "MAX_REASONS", 20)

    checked = check_file(open_source(data, read_feed(a_feed(tmp_path))))

    assert checked.rejected == 298
    assert len(checked.rejects) == checking.LISTED_REJECTS
    assert len(checked.reasons) == 21
    assert checked.by_frequency()[0].count == 278


def test_a_compressed_file_is_checked_as_what_it_holds(run: Run, tmp_path: Path) -> None:
    data = a_file(tmp_path, 30, wrong=2)
    packed = tmp_path / "crm.csv.gz"
    packed.write_bytes(gzip.compress(data.read_bytes()))

    told = [
        json.loads(run("feeds", "check", a_feed(tmp_path), each, "--json")[1])
        for each in (data, packed)
    ]

    plain, unpacked = ({**each, "file": ""} for each in told)
    assert unpacked == plain


def block(kind: str, start: str) -> str:
    """The code block of the reference that begins with `start`."""
    page = (DOCS / "feeds.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```(\w*)\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    (found,) = (text for each, text in blocks if each == kind and text.startswith(start))
    return str(found)


def test_the_reference_shows_what_the_commands_really_print(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for path, text in {
        "docs/feed.schema.json": "{}",
        "feeds/README": "",
        "spring-list.csv": block("csv", "Member No;"),
        "may-list.csv": block("csv", "Member No;").replace("chen.li@example.test", "chen.li")
        + "M-10445;eve@example.test;Eve;maybe;06/04/2026;;;4\n",
    }.items():
        Path(path).parent.mkdir(exist_ok=True)
        Path(path).write_text(text)
    infer, check = (
        block("", f"$ prefdrop feeds {name}").split("\n", 1) for name in ("infer", "check")
    )

    _, _, said = run(*infer[0].split()[2:])
    _, found, _ = run(*check[0].split()[2:])

    assert said == infer[1]
    assert Path("feeds/spring-list.toml").read_text() == block("toml", "#:schema")
    assert found == check[1]


BAD_STEM = "peo\x1b[2Jple\n`x`"


@pytest.mark.parametrize("command", ["check", "push", "infer", "drop"])
def test_invalid_feed_name_is_refused_before_anything_is_sent(
    run: Run, tmp_path: Path, deployment: Deployment, command: str
) -> None:
    feed = a_feed(tmp_path).rename(tmp_path / f"{BAD_STEM}.toml")
    data = a_file(tmp_path, 1)
    words: dict[str, tuple[str | Path, ...]] = {
        "check": ("feeds", "check", feed, data),
        "push": ("feeds", "push", feed),
        "infer": ("feeds", "infer", data, "-o", tmp_path / f"other{BAD_STEM}.toml"),
        "drop": ("drop", data, "--feed", BAD_STEM),
    }

    code, out, err = run(*words[command])

    assert (code, out) == (2, "")
    assert err.startswith("Error: Invalid feed name")
    assert all(line.isprintable() for line in err.splitlines())
    assert list(deployment.objects.list("")) == []
    assert not list(tmp_path.glob("other*"))
