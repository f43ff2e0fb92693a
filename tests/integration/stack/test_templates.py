"""Input templates make JSON as EventBridge does."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, strategies as st

from prefdrop_local.stack.bridges.templates import look_up, render

VALUES: dict[str, Any] = {"text": 'a "b"\n', "number": 3, "object": {"c": [1]}, "nothing": None}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@pytest.mark.parametrize(
    ("template", "made"),
    [
        ('{"a": <text>, "b": <number>}', {"a": 'a "b"\n', "b": 3}),
        ('{"a": "it is <text>."}', {"a": 'it is a "b"\n.'}),
        ('{"a": "<number>", "b": <object>}', {"a": "3", "b": {"c": [1]}}),
        ('{"a": <nothing>}', {"a": None}),
        ('{"a": "said \\"<text>\\" once"}', {"a": 'said "a "b"\n" once'}),
        ('"<number> of them"', "3 of them"),
        ("<number> of them", "3 of them"),
        ("<object>", {"c": [1]}),
        ('{"a": "1 < 2"}', {"a": "1 < 2"}),
    ],
)
def test_a_placeholder_is_a_value_outside_of_quotes_and_text_inside(
    template: str, made: object
) -> None:
    assert render(template, VALUES.__getitem__) == made


@given(JSON, st.text())
def test_whatever_a_value_holds_the_template_stays_json(value: Any, text: str) -> None:
    made = render('{"value": <value>, "text": "-<text>-"}', {"value": value, "text": text}.get)

    assert made == {"value": value, "text": f"-{text}-"}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("$", {"a": {"b-c": [1, {"d": 2}]}}),
        ("$.a.b-c[0]", 1),
        ("$.a.b-c[1].d", 2),
        ("$.a.b-c[2]", None),
        ("$.a.x.y", None),
    ],
)
def test_a_path_leads_to_its_value_or_to_nothing(path: str, value: object) -> None:
    assert look_up({"a": {"b-c": [1, {"d": 2}]}}, path) == value
