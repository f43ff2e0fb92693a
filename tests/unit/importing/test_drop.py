"""Which events name a drop, and which names a feed may have."""

from __future__ import annotations

from typing import Any

import pytest

from prefdrop.importing.drop import NotADrop, is_feed_name, read_event

GOOD = (
    "people",
    "crm-contacts",
    "crm.nightly_2",
    "CRM nightly (EU)",
    "Kündigungen",
    "顧客",
    "a" * 200,
)
BAD = (
    "",
    ".",
    "..",
    ".hidden",
    "-x",
    " people",
    "people ",
    "a" * 201,
    "peo\nple",
    "peo\x1b[2Jple",
    "peo\u202eple",
    "peo\tple",
    "a/b",
    "a\\b",
    "$(x)",
    "`x`",
    "a;b",
    "a'b",
    'a"b',
    "a|b",
    "a*",
)


def event(key: str) -> dict[str, Any]:
    return {
        "time": "2026-01-15T10:30:00Z",
        "detail": {"bucket": {"name": "b"}, "object": {"key": key, "version-id": "v1"}},
    }


@pytest.mark.parametrize("name", GOOD)
def test_feed_of_usual_name_takes_drops(name: str) -> None:
    assert is_feed_name(name)
    assert read_event(event(f"inbox/{name}/p.csv")).feed == name


@pytest.mark.parametrize("name", BAD)
def test_key_under_invalid_feed_name_is_no_drop(name: str) -> None:
    assert not is_feed_name(name)
    with pytest.raises(NotADrop) as refused:
        read_event(event(f"inbox/{name}/p.csv" if "/" not in name else "inbox/$/p.csv"))

    assert refused.value.message.isprintable()
    assert refused.value.hint


@pytest.mark.parametrize("key", ["inbox/p.csv", "results/people/p.csv", "inbox/\x1b"])
def test_key_outside_a_feed_folder_is_no_drop(key: str) -> None:
    with pytest.raises(NotADrop, match="does not lie in a feed's folder") as refused:
        read_event(event(key))

    assert refused.value.message.isprintable()


@pytest.mark.parametrize("key", ["inbox/people/", "inbox/people/archive/", "inbox/$/"])
def test_folder_placeholder_is_read_as_it_is(key: str) -> None:
    assert read_event(event(key)).key == key


def test_file_name_may_hold_anything() -> None:
    assert read_event(event("inbox/people/a\nb\x1b.csv")).name == "a\nb\x1b.csv"
