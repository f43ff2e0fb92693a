"""A JSON Patch goes out as the vendor takes it, and means what it says."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, strategies as st

from prefdrop.mypreferences import Client, JsonPatch, Misconfigured, Operation
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
        ("add", "/Emails/-"),
        ("remove", "/Emails/10"),
        ("remove", "/Emails/2"),
    ]


def test_what_is_added_lands_where_it_was_meant_though_something_before_is_removed() -> None:
    patch = (
        JsonPatch()
        .remove("/Emails/0")
        .add("/Emails/1/EmailPreferences/-", {"FilterId": "NEWS_WEEKLY"})
        .add("/PhoneNumbers/1", {"PhoneNumber": "602-555-0125"})
        .remove("/PhoneNumbers/0")
    )

    sent = [(operation["op"], operation["path"]) for operation in patch.body()]

    assert sent == [
        ("add", "/Emails/1/EmailPreferences/-"),
        ("remove", "/Emails/0"),
        ("add", "/PhoneNumbers/1"),
        ("remove", "/PhoneNumbers/0"),
    ]


ADDED = {"op": "add", "path": "/Emails/0", "value": {}}
REMOVED = {"op": "remove", "path": "/Emails/1"}


def test_patch_of_two_operations_that_conflict_is_refused(subtests: pytest.Subtests) -> None:
    for pair in [
        (ADDED, {"op": "add", "path": "/Emails/0/EmailPreferences/-", "value": {}}),
        (ADDED, {"op": "add", "path": "/Emails/2/IsDefault", "value": True}),
        (ADDED, {"op": "add", "path": "/Emails/1", "value": {}}),
        (ADDED, {"op": "add", "path": "/emails/0", "value": {}}),
        (REMOVED, {"op": "add", "path": "/Emails/1", "value": {}}),
        (REMOVED, {"op": "replace", "path": "/emails/1/IsDefault", "value": True}),
        (REMOVED, {"op": "add", "path": "/Emails/1/EmailPreferences/-", "value": {}}),
        (
            {"op": "replace", "path": "/Emails", "value": []},
            {"op": "add", "path": "/Emails/-", "value": {}},
        ),
    ]:
        with subtests.test(pair=pair):
            for operations in (pair, pair[::-1]):
                with pytest.raises(Misconfigured):
                    JsonPatch(operations)


def test_operation_without_its_value_blanks_nothing(subtests: pytest.Subtests) -> None:
    for operation in [
        {"op": "replace", "path": "/CustomerType"},
        {"op": "replace", "path": "/CustomerType", "Value": "Customer"},
        {"op": "add", "path": "/CustomerType", "value": 1, "from": "/x"},
        {"op": "test", "path": "/CustomerType"},
        Operation("add", "/CustomerType"),
    ]:
        with subtests.test(operation=operation):
            with pytest.raises(Misconfigured):
                JsonPatch([operation])

            assert JsonPatch().replace("/CustomerType", None).body()[0]["value"] is None


def test_an_operation_does_not_show_a_persons_data() -> None:
    patch = JsonPatch().add("/Emails/-", {"EmailAddress": "ana@example.test"})

    assert "ana" not in repr(patch.operations())


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

    assert [each["value"] for each in vendor.received[0].json] == ["2026-01-14T12:00:00.000Z"] * 2


def test_a_date_without_a_zone_is_not_sent_in_a_patch() -> None:
    patch = JsonPatch().replace("/Consents/0/ConsentDate", "2026-01-14T12:00:00")

    with pytest.raises(Misconfigured, match="time zone"):
        patch.body()


def applied(document: dict[str, Any], body: list[dict[str, Any]]) -> dict[str, Any]:
    """What RFC 6902 makes of the operations, one after the other."""
    for operation in body:
        *parents, last = operation["path"].split("/")[1:]
        place: Any = document
        for token in parents:
            place = place[int(token)] if isinstance(place, list) else place[token]
        if isinstance(place, list) and operation["op"] == "add":
            place.insert(len(place) if last == "-" else int(last), operation["value"])
            continue
        key: Any = int(last) if isinstance(place, list) else last
        if operation["op"] == "test":
            assert place[key] == operation["value"]
        elif operation["op"] == "remove":
            del place[key]
        else:
            place[key] = operation["value"]
    return document


def document_of(items: int, children: int) -> dict[str, Any]:
    return {
        "Locale": "en",
        "Emails": [
            {"n": f"{n}", "P": [f"{n}.{child}" for child in range(children)]} for n in range(items)
        ],
    }


def meant(document: Any, chosen: dict[tuple[str, str], Any], path: str = "") -> Any:
    """What the operations `chosen`, by kind and path, mean of the document as it was: built anew
    from what is there, so that no operation can move what another names."""
    if ("replace", path) in chosen:
        return chosen["replace", path]
    if isinstance(document, dict):
        kept = {name: meant(each, chosen, f"{path}/{name}") for name, each in document.items()}
        added = {
            at.rpartition("/")[2]: value
            for (op, at), value in chosen.items()
            if op == "add" and at.rpartition("/")[0] == path
        }
        return {**kept, **added}
    if not isinstance(document, list):
        return document
    result = []
    for at, item in enumerate(document):
        here = f"{path}/{at}"
        result += [chosen["add", here]] if ("add", here) in chosen else []
        result += [meant(item, chosen, here)] if ("remove", here) not in chosen else []
    ends = (f"{path}/{len(document)}", f"{path}/-")
    return result + [chosen["add", end] for end in ends if ("add", end) in chosen]


@given(items=st.integers(1, 12), children=st.integers(0, 3), data=st.data())
def test_each_operation_does_what_it_names_in_whatever_order_they_are_given(
    items: int, children: int, data: st.DataObject
) -> None:
    document = document_of(items, children)
    emails = [f"/Emails/{n}" for n in range(items)]
    inner = [f"{email}/P/{child}" for email in emails for child in range(children)]
    possible = [
        ("replace", "/Locale"),
        *(("replace", f"{email}/n") for email in emails),
        *(("replace", path) for path in (*emails, *inner)),
        *(("remove", path) for path in (*emails, *inner)),
        *(("add", path) for path in (*emails, *inner, "/Emails/-", f"/Emails/{items}", "/New")),
        *(("add", f"{email}/{last}") for email in emails for last in ("New", "P/-")),
    ]
    chosen: dict[tuple[str, str], Any] = {}
    patch = JsonPatch().test("/Emails/0/n", "0")
    for op, path in data.draw(st.lists(st.sampled_from(possible), unique=True, max_size=14)):
        value = f"{op} {path}"
        try:
            patch.remove(path) if op == "remove" else getattr(patch, op)(path, value)
        except Misconfigured:
            continue
        chosen[op, path] = value

    assert applied(document_of(items, children), patch.body()) == meant(document, chosen)
