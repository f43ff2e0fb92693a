"""What an update changed is shown in paths and values."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from hypothesis import given, strategies as st

from prefdrop.auditing.differences import differences

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["FilterId", "Key", "A", "B"]), inner, max_size=4)
    ),
    max_leaves=12,
)


def shown(previous: Any, data: Any) -> list[str]:
    return [str(one) for one in differences(previous, data)]


def test_a_changed_value_is_shown_before_and_after() -> None:
    previous = {"EmailAddressType": "Home", "EmailAddress": "old@example.test", "IsDefault": True}
    data = previous | {"EmailAddress": "new@example.test"}

    assert shown(previous, data) == ['EmailAddress: "old@example.test" → "new@example.test"']


def test_what_came_and_what_went_are_told_apart() -> None:
    assert shown({"Title": "Dr"}, {"Suffix": None}) == ["Suffix: + null", 'Title: - "Dr"']


def test_nested_values_are_shown_by_their_path() -> None:
    assert shown({"A": {"B": [1, 2]}}, {"A": {"B": [1, 3]}}) == ["A.B[1]: 2 → 3"]


def test_items_of_a_list_are_matched_by_what_names_them() -> None:
    previous = {"Preferences": [{"FilterId": "NEWS", "P": 1}, {"FilterId": "OFFERS", "P": 1}]}
    data = {"Preferences": [{"FilterId": "OFFERS", "P": 2}, {"FilterId": "NEWS", "P": 1}]}

    assert shown(previous, data) == ["Preferences[FilterId=OFFERS].P: 1 → 2"]


def test_contacts_are_matched_by_their_type() -> None:
    previous = [{"PhoneNumberType": "Home", "N": "555-0100"}]
    data = [{"PhoneNumberType": "Work", "N": "555-0101"}, *previous]

    assert [one.path for one in differences(previous, data)] == ["[PhoneNumberType=Work]"]


def test_true_is_not_one() -> None:
    assert shown({"IsDefault": True}, {"IsDefault": 1}) == ["IsDefault: true → 1"]


@given(VALUES)
def test_nothing_differs_from_itself(value: Any) -> None:
    assert differences(value, deepcopy(value)) == []


@given(VALUES, VALUES)
def test_what_is_shown_one_way_is_shown_the_other_way_turned_round(a: Any, b: Any) -> None:
    there = {(one.path, str(one.before), str(one.after)) for one in differences(a, b)}
    back = {(one.path, str(one.after), str(one.before)) for one in differences(b, a)}

    assert there == back
