from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, strategies as st

from prefdrop.feeds import ChunkLimits, RejectsWriter, SourceError

from .support import EMAIL, START, all_chunks, make_feed, records_of, rejects_of, source_of, stage

AS_IS = b"""
[import]
name = "records"
match_alternate_id = "CrmContactId"
[source]
format = "jsonl"
"""
AS_IS_ARRAY = AS_IS.replace(b"jsonl", b"json")
MAPPED = make_feed(
    f"""
    "contact.email" = "{EMAIL}"
    "lists.0" = "ProfileTags[1].Name"
    active = "IsActive"
    "a.b" = "DefaultLocale"
    """,
    source='format = "jsonl"',
    top='ignore = ["meta"]',
)
SEVEN = {"AlternateIds": [{"AlternateIdType": "CrmContactId", "AlternateId": "7"}]}


def lines(*rows: object) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def record(**members: Any) -> dict[str, Any]:
    return {**SEVEN, **members}


@pytest.mark.parametrize("feed", [AS_IS, AS_IS_ARRAY])
def test_vendor_records_are_staged_as_they_stand(feed: bytes) -> None:
    ids = '"AlternateIds": [{"AlternateIdType":"CrmContactId","AlternateId":"7"}]'
    text = f'{{{ids}, "X": 1.50, "Y": 1e2, "Z": 123456789012345678901234567890}}'

    (chunk,) = all_chunks(source_of(feed, text + "\n"))

    assert chunk.body == b'{"UserProfilePreferences":[' + text.encode() + b"]}"


MUST_FAIL = [
    ({}, "MatchKeyMissing", None),
    (
        {"AlternateIds": [{"AlternateIdType": "Other", "AlternateId": "7"}]},
        "MatchKeyMissing",
        None,
    ),
    (record(Emails=[{"EmailAddress": "nobody"}]), "NotAnEmail", "Emails[0].EmailAddress"),
    (record(Emails=[{"EmailAddressType": "Home"}]), "ValueMissing", "Emails[0].EmailAddress"),
    (record(Emails={"EmailAddress": "a@example.test"}), "WrongType", "Emails"),
    (record(Emails=["a@example.test"]), "WrongType", "Emails[0]"),
    (record(CustomerName="Ana"), "WrongType", "CustomerName"),
    (record(ProfileId="12"), "WrongType", "ProfileId"),
    (record(ProfileId=0), "OutOfRange", "ProfileId"),
    (record(IsActive=1), "WrongType", "IsActive"),
    (record(DefaultLocale="x" * 16), "ValueTooLong", "DefaultLocale"),
    (
        record(PhoneNumbers=[{"PhoneNumber": "none"}]),
        "NotAPhone",
        "PhoneNumbers[0].PhoneNumber",
    ),
    (
        record(ProfilePreferences=[{"FilterId": "A", "PreferenceType": 3}]),
        "OutOfRange",
        "ProfilePreferences[0].PreferenceType",
    ),
    (
        record(ProfilePreferences=[{"FilterId": "A", "PreferenceType": True}]),
        "WrongType",
        "ProfilePreferences[0].PreferenceType",
    ),
    (
        record(
            ProfilePreferences=[
                {"FilterId": "A", "PreferenceType": 1, "CustomerDate": "2199-01-01T00:00:00Z"}
            ]
        ),
        "DateInFuture",
        "ProfilePreferences[0].CustomerDate",
    ),
    (
        record(
            ProfilePreferences=[
                {"FilterId": "A", "PreferenceType": 1, "CustomerDate": "2026-01-14T09:00:00"}
            ]
        ),
        "NoTimeZone",
        "ProfilePreferences[0].CustomerDate",
    ),
    (record(CustomerName={"FirstName": "a\0b"}), "NulCharacter", None),
]


def test_vendor_record_that_must_fail_is_rejected(subtests: pytest.Subtests) -> None:
    for row, code, place in MUST_FAIL:
        with subtests.test(row=row):
            records, rejects = stage(AS_IS, lines(row, SEVEN))

            assert records == [SEVEN]
            assert [(reject.row, reject.code, reject.column) for reject in rejects] == [
                (1, code, place)
            ]


def test_dates_of_vendor_records_leave_in_utc() -> None:
    preference = {"FilterId": "A", "PreferenceType": 1, "CustomerDate": "2026-01-14T09:00:00-05:00"}

    (staged,), _ = stage(AS_IS, lines(record(ProfilePreferences=[preference])))

    assert staged["ProfilePreferences"][0]["CustomerDate"] == "2026-01-14T14:00:00Z"


def test_members_can_be_mapped_by_dotted_names() -> None:
    row = {
        "crm_id": 7,
        "contact": {"email": "ana@example.test", "other": 1},
        "lists": ["vip"],
        "active": True,
        "a.b": "en",
        "meta": {"any": []},
    }

    (staged,), rejects = stage(MAPPED, lines(row))

    assert rejects == []
    assert staged == {
        **SEVEN,
        "Emails": [{"EmailAddressType": "Home", "EmailAddress": "ana@example.test"}],
        "ProfileTags": [{"Name": "vip"}],
        "IsActive": True,
        "DefaultLocale": "en",
    }


def test_absent_null_and_empty_members_are_empty_cells() -> None:
    rows = [
        {"crm_id": "7"},
        {"crm_id": "7", "contact": None, "lists": []},
        {"crm_id": "7", "active": ""},
    ]

    records, rejects = stage(MAPPED, lines(*rows))

    assert (records, rejects) == ([SEVEN] * 3, [])


def test_line_that_is_wrong_is_rejected_alone(subtests: pytest.Subtests) -> None:
    for row, code in [
        ('{"crm_id": "7", "active": [1]}', "NotAValue"),
        ('{"crm_id": "7", "surprise": 1}', "UnknownMember"),
        ('{"crm_id": "7"', "RowNotReadable"),
        ('["7"]', "RowNotReadable"),
        ('{"crm_id": NaN}', "RowNotReadable"),
        ('{"crm_id": "a\\u0000b"}', "NulCharacter"),
        ('{"crm_id": "\\ud800"}', "RowNotReadable"),
    ]:
        with subtests.test(row=row):
            records, rejects = stage(
                MAPPED, lines({"crm_id": "7"}) + row + "\n" + lines({"crm_id": "7"})
            )

            assert records == [SEVEN] * 2
            assert [(reject.row, reject.code) for reject in rejects] == [(2, code)]


def test_an_escaped_backslash_before_u0000_is_no_nul() -> None:
    records, _ = stage(MAPPED, '{"crm_id": "7", "a.b": "\\\\u0000"}\n')

    assert records[0]["DefaultLocale"] == "\\u0000"


def test_json_file_that_does_not_fit_the_feed_is_refused(subtests: pytest.Subtests) -> None:
    for feed, data, problem in [
        (MAPPED, "crm_id,email\n7,a\n", "no object could be read"),
        (MAPPED, "[1, 2]\n", "no object could be read"),
        (MAPPED, '{"crm_id": "7", "surprise": 1}\n', "does not know this member"),
        (MAPPED, " \n", "the file is empty"),
        (AS_IS_ARRAY, '[{"a": 1}, {"b": }]', "can't be read on from here (byte 11)"),
        (AS_IS_ARRAY, '[{"a": 1}, {"b": 1', "can't be read on from here (byte 11)"),
        (AS_IS_ARRAY, "[1, 2]", "no object could be read"),
    ]:
        with subtests.test(data=data):
            source = source_of(feed, data)

            with pytest.raises(SourceError) as caught:
                _ = source.check(), list(source.rows())

            assert problem in caught.value.problem


TEXTS = st.text(st.sampled_from('ab"\\{}[],:\u00e9\N{GRINNING FACE}\n\u2028'), max_size=8)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
ROWS = st.lists(st.dictionaries(TEXTS, VALUES, max_size=3), max_size=8)


@given(ROWS, st.booleans(), st.integers(130, 500))
def test_json_lines_and_arrays_give_the_same_objects_at_any_resume_point(
    rows: list[dict[str, Any]], ascii_only: bool, limit: int
) -> None:
    rows = [{**row, **SEVEN} for row in rows]
    as_lines = "".join(json.dumps(row, ensure_ascii=ascii_only) + "\n" for row in rows).encode()
    as_array = json.dumps(rows, ensure_ascii=ascii_only, indent=1).encode()
    limits = ChunkLimits(bytes=limit, records=3, rejects=2)

    for feed, data in ((AS_IS, as_lines), (AS_IS_ARRAY, as_array), (AS_IS_ARRAY, as_lines)):
        source = source_of(feed, data or b"\n")
        read = list(source.rows(START))
        chunks = all_chunks(source, limits)

        assert [row.value for row in read] == rows
        assert all(msgspec.json.decode(row.raw) == row.value for row in read)
        assert all(data[row.start : row.end].strip() == row.raw.strip() for row in read)
        too_large = {reject.row - 1 for reject in rejects_of(chunks)}
        assert records_of(chunks) == [row for at, row in enumerate(rows) if at not in too_large]
        for at, chunk in enumerate(chunks):
            assert all_chunks(source, limits, chunk.start) == chunks[at:]


def test_a_large_array_is_read_in_blocks() -> None:
    rows = [{**SEVEN, "Note": "\u00e9" * (at % 977)} for at in range(3_000)]
    data = json.dumps(rows, ensure_ascii=False).encode()

    assert records_of(all_chunks(source_of(AS_IS_ARRAY, data))) == rows


@given(ROWS)
def test_json_rejects_can_be_dropped_again_and_again(rows: list[dict[str, Any]]) -> None:
    rows = [{**row, **SEVEN} for row in rows]
    data = json.dumps(rows, indent=1, ensure_ascii=False).encode() + b" "
    for _ in range(3):
        source = source_of(AS_IS_ARRAY, data)
        read = list(source.rows(START))
        assert [row.value for row in read] == rows

        writer = RejectsWriter(source)
        data = (
            writer.header() + b"".join(writer.row(row, "local", "C", "why") for row in read) or b" "
        )
        assert writer.extension == "jsonl"
        assert data.count(b"\n") == len(rows)


def test_a_json_reject_carries_its_row_stage_code_and_reason() -> None:
    source = source_of(AS_IS, '{"a": 1}\n{}\n')
    writer = RejectsWriter(source)

    written = [writer.row(row, "execution", "Stale", 'a "reason"') for row in source.rows()]

    why = '"_stage":"execution","_code":"Stale","_reason":"a \\"reason\\""}\n'
    assert written == [
        f'{{"a": 1,"_row":1,{why}'.encode(),
        f'{{"_row":2,{why}'.encode(),
    ]


@pytest.mark.parametrize("line", [b'{"a": 1', b"7", b'{"a": "\xff"}', b'{"a"\0: 1}'])
def test_a_line_that_is_no_object_is_wrapped_and_rejected_again_until_mended(line: bytes) -> None:
    source = source_of(AS_IS, line + b"\n" + lines(SEVEN).encode())
    writer = RejectsWriter(source)
    bad = next(source.rows())

    wrapped = writer.row(bad, "local", "RowNotReadable", bad.fault)

    assert set(json.loads(wrapped)) == {"_raw", "_row", "_stage", "_code", "_reason"}
    records, rejects = stage(AS_IS, wrapped)
    assert (len(records), len(rejects)) == (0, 1)
    mended = json.dumps({**json.loads(wrapped), "_raw": json.dumps(SEVEN)})
    assert stage(AS_IS, mended) == ([SEVEN], [])


def test_array_that_is_cut_or_wrong_is_refused_with_its_row(subtests: pytest.Subtests) -> None:
    for data, row in [
        ('[{"a": 1}', 1),
        ('[{"a": 1},', 1),
        ('[{"a": 1} {"a": 2}]', 1),
        ('[{"a": 1},, {"a": 2}]', 2),
        ('[{"a": 1},]', 2),
        ('[,{"a": 1}]', 1),
        ('[{"a": 1}] {"a": 2}', 1),
        ('[{"a": 1}]]', 1),
        ('[{"a": 01}]', 1),
        ('[{"a": NaN}]', 1),
        ('[{"a": 1, "b": "\\x"}]', 1),
    ]:
        with subtests.test(data=data):
            source = source_of(AS_IS_ARRAY, data, file="drop.json")

            with pytest.raises(SourceError) as caught:
                list(source.rows())

            assert caught.value.message.startswith(f"drop.json, row {row}: ")


def test_an_array_may_have_elements_that_are_no_objects_which_are_rejected() -> None:
    data = json.dumps([SEVEN, [SEVEN], "x", SEVEN])

    records, rejects = stage(AS_IS_ARRAY, data)

    assert records == [SEVEN, SEVEN]
    assert [reject.row for reject in rejects] == [2, 3]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_json_may_be_written_in_other_encodings(encoding: str) -> None:
    data = json.dumps([SEVEN, {**SEVEN, "Note": "\u00e9\N{GRINNING FACE}"}], ensure_ascii=False)
    limits = ChunkLimits(bytes=150, records=1, rejects=1)
    source = source_of(AS_IS_ARRAY, data.encode(encoding))

    _, second = all_chunks(source, limits)

    assert records_of([second])[0]["Note"] == "\u00e9\N{GRINNING FACE}"
    assert all_chunks(source, limits, second.start) == [second]
