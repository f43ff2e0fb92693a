"""JSON Patch: the operations of RFC 6902 that the vendor supports, on what a read shows."""

from __future__ import annotations

from typing import Any

import jsonpatch
import pytest
from hypothesis import given, strategies as st

from prefdrop_local.sandbox.problem import ProblemError
from prefdrop_local.sandbox.profile_data.json_patch import Operation, patched
from tests.integration.sandbox.caller import Json
from tests.integration.sandbox.profile_data.data import CONSENT, NEWS, Data, email


@pytest.fixture
def profile_id(data: Data) -> int:
    return data.create(
        CustomerName={"FirstName": "Ana"},
        Emails=[email("a@example.test", NEWS), email("b@example.test")],
        ProfileTags=[{"Name": "vip"}],
    )


def _addresses(profile: Json) -> list[str]:
    return [item["EmailAddress"] for item in profile["Emails"]]


class TestOperations:
    def test_members_are_added_replaced_and_removed_in_order(
        self, data: Data, profile_id: int
    ) -> None:
        patch = [
            {"op": "replace", "path": "/CustomerType", "value": "Prospect"},
            {"op": "add", "path": "/CustomerName/LastName", "value": "Ruiz"},
            {"op": "remove", "path": "/CustomerName/FirstName"},
            {"op": "test", "path": "/CustomerName", "value": {"LastName": "Ruiz"}},
        ]

        answer = data.change("PATCH", profile_id, patch)

        assert (answer.status_code, answer.json()) == (200, {"ProfileId": profile_id})
        profile = data.get(profile_id)
        assert profile["CustomerType"] == "Prospect"
        assert profile["CustomerName"] == {"LastName": "Ruiz"}
        assert len(profile["Emails"]) == 2

    def test_a_dash_appends_and_an_index_inserts(self, data: Data, profile_id: int) -> None:
        patch = [
            {"op": "add", "path": "/Emails/-", "value": email("last@example.test")},
            {"op": "add", "path": "/ProfileTags/0", "value": {"Name": "new"}},
            {"op": "test", "path": "/ProfileTags/1/Name", "value": "vip"},
        ]

        assert data.change("PATCH", profile_id, patch).status_code == 200

        profile = data.get(profile_id)
        assert _addresses(profile) == ["a@example.test", "b@example.test", "last@example.test"]
        assert {tag["Name"] for tag in profile["ProfileTags"]} == {"vip", "new"}

    def test_several_items_are_removed_in_descending_order(
        self, data: Data, profile_id: int
    ) -> None:
        patch = [{"op": "remove", "path": f"/Emails/{index}"} for index in (1, 0)]

        assert data.change("PATCH", profile_id, patch).status_code == 200

        assert data.get(profile_id)["Emails"] == []

    def test_in_ascending_order_the_second_is_not_there_any_more(
        self, data: Data, profile_id: int
    ) -> None:
        patch = [{"op": "remove", "path": f"/Emails/{index}"} for index in (0, 1)]

        assert data.change("PATCH", profile_id, patch).status_code == 400

        assert len(data.get(profile_id)["Emails"]) == 2

    def test_a_preference_turns_to_opt_out(self, data: Data, profile_id: int) -> None:
        place = "/emails/0/emailpreferences/0"
        patch = [
            {"op": "replace", "path": f"{place}/PreferenceType", "value": 2},
            {"op": "replace", "path": f"{place}/CustomerDate", "value": "2026-02-01T00:00:00Z"},
        ]

        assert data.change("PATCH", profile_id, patch).status_code == 200

        kept = data.get(profile_id)["Emails"][0]["EmailPreferences"][0]
        assert (kept["PreferenceType"], kept["CustomerDate"]) == (2, "2026-02-01T00:00:00Z")

    def test_a_changed_address_keeps_its_preferences(self, data: Data, profile_id: int) -> None:
        patch = [{"op": "replace", "path": "/Emails/0/EmailAddress", "value": "new@example.test"}]

        assert data.change("PATCH", profile_id, patch).status_code == 200

        emails = {one["EmailAddress"]: one for one in data.get(profile_id)["Emails"]}
        assert emails.keys() == {"b@example.test", "new@example.test"}
        assert emails["new@example.test"]["EmailPreferences"][0]["FilterId"] == "NEWS_WEEKLY"

    def test_consents_that_newer_ones_took_the_place_of_stay_as_they_are(
        self, data: Data, profile_id: int
    ) -> None:
        for locale in ("en_US", "es_US"):
            data.change("POST", profile_id, {"Consents": [CONSENT | {"Locale": locale}]})
        patch = [{"op": "replace", "path": "/CustomerType", "value": "Prospect"}]

        assert data.change("PATCH", profile_id, patch).status_code == 200

        consents = data.get(profile_id)["Consents"]
        assert [(one["Locale"], one["IsActive"]) for one in consents] == [
            ("en_US", False), ("es_US", True),
        ]  # fmt: skip


class TestRefusals:
    def test_patch_that_is_wrong_is_refused_whole(
        self, subtests: pytest.Subtests, data: Data, profile_id: int
    ) -> None:
        for patch, status in [
            ([{"op": "move", "from": "/Emails/0", "path": "/Emails/1"}], 400),
            ([{"op": "copy", "from": "/Emails/0", "path": "/Emails/1"}], 400),
            ([{"op": "test", "path": "/CustomerType", "value": "Prospect"}], 409),
            ([{"op": "test", "path": "/IsActive", "value": 1}], 409),
            ([{"op": "replace", "path": "/Nothing", "value": 1}], 400),
            ([{"op": "remove", "path": "/Emails/2"}], 400),
            ([{"op": "remove", "path": "/Emails/-"}], 400),
            ([{"op": "add", "path": "/Emails/01", "value": {}}], 400),
            ([{"op": "add", "path": "/Emails/3", "value": {}}], 400),
            ([{"op": "add", "path": "/None/There", "value": 1}], 400),
            ([{"op": "add", "path": "Emails/0", "value": 1}], 400),
            ([{"op": "add", "path": "/Emails/0"}], 400),
            ([{"op": "replace", "path": "/ProfileId", "value": 1}], 400),
            ([{"op": "replace", "path": "", "value": []}], 400),
            ([{"op": "remove", "path": ""}], 400),
            ([{"op": "add", "path": "/Emails/-", "value": email("no address")}], 400),
            ([{"path": "/Emails/0"}], 400),
            (["no operation"], 400),
            ({"op": "remove", "path": "/Emails/0"}, 400),
        ]:
            with subtests.test(patch=patch):
                first = {"op": "replace", "path": "/CustomerType", "value": "Customer"}
                before = data.get(profile_id)

                sent = [first, *patch] if isinstance(patch, list) else patch
                answer = data.change("PATCH", profile_id, sent)

                assert answer.status_code == status
                assert answer.json()["Message"]
                assert data.get(profile_id) == before


KEYS = st.sampled_from(["a", "b", "c/d", "e~f"])
VALUES = st.recursive(
    st.sampled_from([1, 2.5, True, None, "x"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=6,
)
PARTS = KEYS | st.sampled_from(["0", "1", "2", "-"])
PATCHES = st.lists(
    st.tuples(
        st.sampled_from(["add", "replace", "remove", "test"]),
        st.lists(PARTS, min_size=1, max_size=3),
        VALUES,
    ),
    max_size=4,
)


@given(document=st.dictionaries(KEYS, VALUES, max_size=3), patch=PATCHES)
def test_a_patch_ends_as_the_reference_implementation_says(
    document: Json, patch: list[tuple[str, list[str], Any]]
) -> None:
    operations = [
        Operation(number, op, tuple(parts), value)
        for number, (op, parts, value) in enumerate(patch)
    ]
    as_json = [
        {"op": op, "path": jsonpatch.JsonPointer.from_parts(parts).path, "value": value}
        for op, parts, value in patch
    ]
    try:
        expected = jsonpatch.apply_patch(document, as_json)
    except (jsonpatch.JsonPatchException, jsonpatch.JsonPointerException, TypeError):
        expected = None

    try:
        ended: Any = patched(jsonpatch.copy.deepcopy(document), operations)
    except ProblemError:
        ended = None

    assert ended == expected
