"""A JSON Patch goes out as the vendor takes it, and means what it says."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefdrop.mypreferences import Client, JsonPatch, Misconfigured
from tests.unit.mypreferences.scripted_vendor import ScriptedVendor, answer


def test_replacements_go_before_removals_and_removals_by_descending_index() -> None:
    patch = (
        JsonPatch()
        .add("/Emails/-", {"EmailAddress": "new@example.test"})
        .remove("/Emails/2")
        .remove("/Emails/10")
        .replace("/DefaultLocale", "es_US")
        .test("/ProfileId", 7)
    )

    sent = [(operation["op"], operation["path"]) for operation in patch.body()]

    assert sent == [
        ("test", "/ProfileId"),
        ("replace", "/DefaultLocale"),
        ("remove", "/Emails/10"),
        ("remove", "/Emails/2"),
        ("add", "/Emails/-"),
    ]


@pytest.mark.parametrize("op", ["move", "copy", "delete", ""])
def test_operations_that_the_vendor_does_not_know_are_refused(op: str) -> None:
    with pytest.raises(Misconfigured, match="does not patch with"):
        JsonPatch([{"op": op, "path": "/Emails/0", "from": "/Emails/1"}])


@pytest.mark.parametrize(
    "operation", [{"op": "remove"}, {"path": "/a"}, {"op": "remove", "path": "Emails/0"}, {}]
)
def test_what_is_no_operation_is_refused(operation: dict[str, Any]) -> None:
    with pytest.raises(Misconfigured):
        JsonPatch([operation])


def test_a_path_cannot_be_removed_twice() -> None:
    with pytest.raises(Misconfigured, match="twice"):
        JsonPatch().remove("/Emails/0").remove("/Emails/0")


def test_an_empty_patch_is_not_sent(vendor: ScriptedVendor, client: Client) -> None:
    with pytest.raises(Misconfigured, match="no operation"):
        client.profiles.patch(7, [])

    assert vendor.received == []


def test_dates_in_a_patch_leave_in_utc(vendor: ScriptedVendor, client: Client) -> None:
    vendor.script(answer(200, {"ProfileId": 7}))
    noon = datetime(2026, 1, 14, 12, tzinfo=UTC)

    client.profiles.patch(
        7,
        JsonPatch()
        .replace("/ProfilePreferences/0/CustomerDate", noon)
        .replace("/Consents/0/ConsentDate", "2026-01-14T07:00:00-05:00"),
    )

    assert [each["value"] for each in vendor.received[0].json] == ["2026-01-14T12:00:00Z"] * 2


def test_a_date_without_a_zone_is_not_sent_in_a_patch() -> None:
    patch = JsonPatch().replace("/Consents/0/ConsentDate", "2026-01-14T12:00:00")

    with pytest.raises(Misconfigured, match="time zone"):
        patch.body()


def applied(document: dict[str, Any], body: list[dict[str, Any]]) -> dict[str, Any]:
    """What RFC 6902 makes of the removals and replacements, one after the other."""
    for operation in body:
        *parents, last = operation["path"].split("/")[1:]
        place: Any = document
        for token in parents:
            place = place[int(token)] if isinstance(place, list) else place[token]
        key: Any = int(last) if isinstance(place, list) else last
        if operation["op"] == "remove":
            del place[key]
        else:
            place[key] = operation["value"]
    return document


@given(
    items=st.integers(1, 14),
    children=st.integers(0, 4),
    data=st.data(),
)
def test_removals_take_just_what_they_name_in_whatever_order_they_are_given(
    items: int, children: int, data: st.DataObject
) -> None:
    document = {
        "Emails": [{"n": n, "P": [f"{n}.{c}" for c in range(children)]} for n in range(items)]
    }
    whole = [("Emails", n) for n in range(items)]
    inner = [("Emails", n, "P", c) for n in range(items) for c in range(children)]
    chosen = data.draw(st.lists(st.sampled_from([*whole, *inner]), unique=True, max_size=12))
    gone = set(chosen)
    expected = {
        "Emails": [
            {
                "n": n,
                "P": [f"{n}.{c}" for c in range(children) if ("Emails", n, "P", c) not in gone],
            }
            for n in range(items)
            if ("Emails", n) not in gone
        ]
    }
    patch = JsonPatch()
    for path in chosen:
        patch.remove("/" + "/".join(map(str, path)))

    result = applied(document, patch.body()) if chosen else document

    assert result == expected
