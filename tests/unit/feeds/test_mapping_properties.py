"""The compiled mapping makes of any row what a slow second writing of its rules makes of it."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

from hypothesis import given, strategies as st

from .reference_mapping import Mapped, expected_record
from .support import EMAIL, NEWS, make_feed, stage

MATCH = "AlternateIds[AlternateIdType=CrmContactId].AlternateId"
SWITCH = {"Y": 1, "N": 2, "-": ""}
POOL: list[tuple[str, dict[str, Any] | None]] = [
    ("DefaultLocale", None),
    ("CustomerType", {"a": "Customer", "b": "Prospect {x}"}),
    ("CustomerName.FirstName", None),
    ("CustomerName.LastName", None),
    (EMAIL, {"a": "ana@example.test", "": ""}),
    ("Emails[EmailAddressType=Work].EmailAddress", {"a": "work@example.test"}),
    ("Emails[EmailAddressType=Home].IsDefault", {"a": True, "b": False}),
    (NEWS, SWITCH),
    ("Emails[EmailAddressType=Home].EmailPreferences[FilterId=EVENTS].PreferenceType", SWITCH),
    ("Emails[EmailAddressType=Home].EmailPreferences[FilterId=NEWS].FrequencyId", None),
    ("Consents[ConsentType=Marketing].ConsentStatus", {"a": 1, "b": 3}),
    ("Consents[ConsentType=Marketing].ConsentVersion", None),
    ("AlternateIds[AlternateIdType=LoyaltyId].AlternateId", None),
    ("ProfileTags[1].Name", None),
    ("ProfileTags[2].Name", None),
    ("CustomFields[Name=Shoe size].Value", None),
    ("CustomFields[Name={no}'s].Value", None),
]
CONSTANTS: dict[str, Any] = {
    "RegistrationConfirmed": True,
    "CustomerName.Suffix": "Esq",
    "Emails[EmailAddressType=Home].EmailPreferences[FilterId=ALWAYS].PreferenceType": 1,
    "Consents[ConsentType=Marketing].Locale": "en_US",
    "Consents[ConsentType=Terms].ConsentStatus": 1,
    "Groups[GroupType=Store].GroupName": "Main {street}",
}
CELL = st.sampled_from(
    ["", "", "a", "b", "Y", "N", "-", " ", " a ", 'x"y', "{n}", "\u00e9\u20ac", "\\", "l\nm"]
)


@st.composite
def mappings(draw: st.DrawFn) -> tuple[dict[str, Mapped], dict[str, Any]]:
    chosen = draw(st.lists(st.sampled_from(range(len(POOL))), unique=True, max_size=8))
    columns = {"crm_id": Mapped(MATCH, empty="reject")}
    for at in chosen:
        path, values = POOL[at]
        required = path.endswith(
            ("EmailAddress", "Type", "Status", "Version", "AlternateId", "Name")
        )
        empty = draw(
            st.sampled_from(["omit", "reject"] + ([] if required and "[" in path else ["null"]))
        )
        default = draw(st.sampled_from(["", "a"])) if empty == "omit" and values is None else ""
        columns[f"c{at}"] = Mapped(path, values, empty, default, draw(st.booleans()))
    constants = draw(st.lists(st.sampled_from(sorted(CONSTANTS)), unique=True, max_size=4))
    return columns, {path: CONSTANTS[path] for path in constants}


def toml_of(columns: dict[str, Mapped], constants: dict[str, Any]) -> bytes:
    lines = []
    for name, column in list(columns.items())[1:]:
        parts = [f"to = {json.dumps(column.path)}", f"trim = {json.dumps(column.trim)}"]
        if column.values is not None:
            table = ", ".join(
                f"{json.dumps(k)} = {json.dumps(v)}" for k, v in column.values.items()
            )
            parts.append(f"values = {{ {table} }}")
        parts.append(
            f'default = "{column.default}"' if column.default else f'empty = "{column.empty}"'
        )
        lines.append(f"{name} = {{ {', '.join(parts)} }}")
    given_constants = [
        f"{json.dumps(path)} = {json.dumps(value)}" for path, value in constants.items()
    ]
    return make_feed("\n".join(lines), rest="\n".join(["[constants]", *given_constants]))


@given(mappings(), st.data())
def test_any_mapping_of_any_row(
    mapping: tuple[dict[str, Mapped], dict[str, Any]], data: st.DataObject
) -> None:
    columns, constants = mapping
    rows = data.draw(st.lists(st.fixed_dictionaries(dict.fromkeys(columns, CELL)), max_size=6))
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerows([list(columns), *([row[name] for name in columns] for row in rows)])
    expected = [expected_record(columns, constants, row) for row in rows]

    records, rejects = stage(toml_of(columns, constants), out.getvalue())

    assert records == [record for record in expected if record is not None]
    assert [reject.row for reject in rejects] == [
        number for number, record in enumerate(expected, 1) if record is None
    ]
