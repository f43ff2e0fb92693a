"""What `feeds infer` recognises in a file, and what it says about it."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from itertools import pairwise

import pytest

from prefdrop.feeds import SourceError
from tests.unit.feeds.inference.support import (
    columns,
    comment_on,
    feed_of,
    infer,
    run,
    table,
    target,
)

IDS = [f"C-{n:06d}" for n in range(40)]
EMAILS = [f"person{n}@example.test" for n in range(40)]
PHONES = [f"602-555-01{n:02d}" for n in range(40)]
YES_NO = ["Y", "N"] * 20


# How the file is written


def test_delimiter_of_each_kind_is_found(subtests: pytest.Subtests) -> None:
    for delimiter in [",", ";", "\t", "|", "^"]:
        with subtests.test(delimiter=delimiter):
            data = table(
                ["crm_id", "email", "note"],
                [(i, e, "a, b; c") for i, e in zip(IDS, EMAILS, strict=True)],
                delimiter,
            )

            proposed = infer(data)

            assert ("\t" if proposed.format == "tsv" else proposed.delimiter) == delimiter
            assert run(proposed, data)[1] == []


def test_encoding_that_is_found_is_written_if_it_is_a_guess(subtests: pytest.Subtests) -> None:
    for encoding, said in [
        ("utf-8", None),
        ("utf-8-sig", None),
        ("utf-16", None),
        ("utf-16-le", "utf-16-le"),
        ("cp1252", "cp1252"),
    ]:
        with subtests.test(encoding=encoding):
            data = columns(crm_id=IDS, first_name=["José", "Zoë"] * 20).encode(encoding)

            proposed = infer(data)
            records, rejects = run(proposed, data)

            assert feed_of(proposed).source.encoding == said
            assert rejects == []
            assert records[0]["CustomerName"]["FirstName"] == "José"


def test_apostrophes_as_quotes_are_found() -> None:
    data = "crm_id,email\n" + "".join(f"'{i}','{e}'\n" for i, e in zip(IDS, EMAILS, strict=True))

    assert feed_of(infer(data)).source.quote == "'"


def test_a_file_without_header_gets_names_for_its_columns() -> None:
    data = "".join(f"{i},{e},Y\n" for i, e in zip(IDS, EMAILS, strict=True))

    proposed = infer(data)

    assert proposed.header is False
    assert target(proposed, "column_2") == "Emails[EmailAddressType=Home].EmailAddress"
    assert len(run(proposed, data)[0]) == 40


def test_spaces_around_cells_are_trimmed_by_the_feed() -> None:
    data = columns(crm_id=IDS, email=[f" {email}" for email in EMAILS])

    assert feed_of(infer(data)).source.trim is True


def test_rows_that_are_often_too_short_are_padded() -> None:
    data = "crm_id,email,note\n" + "".join(f"{i},{e}\n" for i, e in zip(IDS, EMAILS, strict=True))

    assert feed_of(infer(data)).source.ragged == "pad"


def packed(data: bytes, kind: str) -> bytes:
    if kind == "gz":
        return gzip.compress(data)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("crm.csv", data)
    return out.getvalue()


@pytest.mark.parametrize("kind", ["gz", "zip"])
def test_compressed_samples_are_read_as_what_they_hold(kind: str) -> None:
    data = columns(crm_id=IDS, email=EMAILS).encode()

    plain, unpacked = infer(data, "crm.csv"), infer(packed(data, kind), f"crm.csv.{kind}")

    assert unpacked.findings == plain.findings


@pytest.mark.parametrize("kind", ["jsonl", "json"])
def test_json_members_are_mapped_those_inside_objects_with_dots(kind: str) -> None:
    objects = [
        {"crm_id": i, "contact": {"email": e}, "lists": ["a"], "news_opt_in": n % 2 == 0}
        for n, (i, e) in enumerate(zip(IDS, EMAILS, strict=True))
    ]
    lines = "\n".join(map(json.dumps, objects))
    data = lines if kind == "jsonl" else json.dumps(objects)

    proposed = infer(data, f"crm.{kind}")
    records, rejects = run(proposed, data)

    assert proposed.format == kind
    assert target(proposed, "contact.email") == "Emails[EmailAddressType=Home].EmailAddress"
    assert target(proposed, "lists") == ""
    assert rejects == []
    assert records[0]["Emails"][0]["EmailPreferences"][0]["PreferenceType"] == 1


def test_vendor_records_are_taken_as_they_are_and_matched_by_their_alternate_id() -> None:
    records = [
        {"AlternateIds": [{"AlternateIdType": "CrmContactId", "AlternateId": i}]} for i in IDS
    ]
    data = "\n".join(map(json.dumps, records))

    proposed = infer(data, "records.jsonl")

    assert feed_of(proposed).as_is
    assert proposed.match == "CrmContactId"
    assert run(proposed, data) == (records, [])


def test_file_that_infers_nothing_is_refused_with_a_remedy(subtests: pytest.Subtests) -> None:
    for data, problem in [
        (b"", "empty"),
        (b"  \n", "empty"),
        (b"crm_id,email\n", "no row could be read"),
        (b"%PDF-1.7 ...", "a PDF"),
        (b'a,b\n"",\n', "no column has a value"),
        (b"sep=;\nid;email\n1;a@example.test\n", "an instruction to Excel"),
    ]:
        with subtests.test(data=data):
            with pytest.raises(SourceError, match=problem) as caught:
                infer(data)

            assert caught.value.hint


# Who a row is about, and how to reach them


def test_the_id_of_the_person_is_the_match_key() -> None:
    stores = [str(n % 7) for n in range(40)]
    orders = [f"O{n}" for n in range(40)]
    data = columns(order_id=orders, store_id=stores, customer_number=IDS, email=EMAILS)

    proposed = infer(data)

    assert proposed.match == "CustomerNumber"
    assert target(proposed, "order_id") == target(proposed, "store_id") == ""


def test_the_vendors_own_profile_id_is_matched_as_such() -> None:
    data = columns(ProfileId=[str(n) for n in range(1000, 1040)], email=EMAILS)

    proposed = infer(data)

    assert proposed.match == "ProfileId"
    assert run(proposed, data)[0][0]["ProfileId"] == 1000


def test_an_id_that_comes_in_several_rows_is_still_the_match_key() -> None:
    data = columns(line=[str(n) for n in range(40)], crm_id=[IDS[n // 4] for n in range(40)])

    proposed = infer(data)

    assert proposed.match == "CrmId"
    assert "30 repeat another row's" in proposed.text.replace("\n# ", " ")


def test_without_any_id_the_nearest_column_is_proposed_and_said_to_be_a_guess() -> None:
    data = columns(email=EMAILS, city=["Denver", "Boise"] * 20)

    proposed = infer(data)

    assert proposed.match == "Email"
    assert "NOTHING LOOKS LIKE AN ID" in proposed.text
    assert run(proposed, data)[1] == []


@pytest.mark.parametrize("name", ["email", "E-Mail Address", "contactEmail", "correo"])
def test_emails_are_recognised_whatever_the_columns_name(name: str) -> None:
    data = table(["id", name], zip(IDS, EMAILS, strict=True))

    assert target(infer(data), name).endswith(".EmailAddress")


def test_contacts_of_somebody_else_are_left_out() -> None:
    data = columns(id=IDS, account_owner_email=EMAILS, emergency_phone=PHONES)

    proposed = infer(data)

    assert target(proposed, "account_owner_email") == target(proposed, "emergency_phone") == ""


def test_two_emails_and_three_phones_get_types_of_their_own() -> None:
    data = columns(
        id=IDS, email=EMAILS, work_email=EMAILS, mobile=PHONES, home_phone=PHONES, fax=PHONES
    )

    proposed = infer(data)

    assert target(proposed, "email") == "Emails[EmailAddressType=Home].EmailAddress"
    assert target(proposed, "work_email") == "Emails[EmailAddressType=Work].EmailAddress"
    kinds = [
        target(proposed, name).split("=")[1].split("]")[0]
        for name in ("mobile", "home_phone", "fax")
    ]
    assert kinds == ["Mobile", "Home", "Fax"]


def test_a_plain_number_is_no_phone_unless_its_name_says_so() -> None:
    numbers = [f"60255501{n:02d}" for n in range(40)]
    data = columns(id=IDS, phone=numbers, revenue=numbers)

    proposed = infer(data)

    assert target(proposed, "phone").endswith(".PhoneNumber")
    assert target(proposed, "revenue") == ""


def test_part_of_a_name_is_recognised_by_its_column_name(subtests: pytest.Subtests) -> None:
    for name, member in [
        ("first_name", "FirstName"),
        ("GivenName", "FirstName"),
        ("Vorname", "FirstName"),
        ("lastName", "LastName"),
        ("surname", "LastName"),
        ("middle name", "MiddleName"),
    ]:
        with subtests.test(name=name):
            data = table(["id", name], [(i, "Ana") for i in IDS])

            assert target(infer(data), name) == f"CustomerName.{member}"


def address(**more: list[str]) -> str:
    cells = {
        "street": [f"{n} Main St" for n in range(40)],
        "city": ["Denver"] * 40,
        "state": ["CO"] * 40,
        "zip": ["80014"] * 40,
        "country": ["US"] * 40,
    }
    return columns(id=IDS, **{name: c for name, c in (cells | more).items() if c})


def test_a_whole_postal_address_is_mapped() -> None:
    data = address()

    proposed = infer(data)

    (first, *_), rejects = run(proposed, data)
    assert rejects == []
    assert first["Addresses"][0]["StateProvince"] == "CO"
    assert first["Addresses"][0]["CountryCode_Alpha2"] == "US"


@pytest.mark.parametrize("more", [{"zip": []}, {"city": ["Denver", ""] * 20}])
def test_an_address_that_lacks_what_the_vendor_requires_is_left_out_whole(
    more: dict[str, list[str]],
) -> None:
    proposed = infer(address(**more))

    assert target(proposed, "street") == target(proposed, "country") == ""
    assert "requires" in comment_on(proposed, "street")


# What they decided


def test_opt_in_of_any_writing_gets_its_value_map(subtests: pytest.Subtests) -> None:
    for yes, no in [
        ("Y", "N"),
        ("yes", "no"),
        ("TRUE", "FALSE"),
        ("1", "0"),
        ("opt-in", "opt-out"),
        ("In", "Out"),
    ]:
        with subtests.test(yes=yes, no=no):
            data = columns(id=IDS, email=EMAILS, newsletter=[yes, no] * 20)

            proposed = infer(data)

            assert feed_of(proposed).columns["newsletter"][0].values == {yes: 1, no: 2}
            assert "EmailPreferences[FilterId=NEWSLETTER]" in target(proposed, "newsletter")


def test_the_other_half_of_a_pair_that_the_sample_lacks_is_added() -> None:
    data = columns(id=IDS, newsletter=["Yes", ""] * 20)

    assert feed_of(infer(data)).columns["newsletter"][0].values == {"Yes": 1, "No": 2}


@pytest.mark.parametrize("name", ["email_opt_out", "unsubscribed", "Do Not Email", "no_newsletter"])
def test_not_having_opted_out_is_no_opt_in(name: str) -> None:
    data = table(["id", name], zip(IDS, YES_NO, strict=True))

    assert feed_of(infer(data)).columns[name][0].values == {"Y": 2, "N": ""}


@pytest.mark.parametrize("name", ["is_active", "vip", "deleted", "has_children"])
def test_other_columns_of_yes_and_no_are_not_taken_for_opt_ins(name: str) -> None:
    data = table(["id", name], zip(IDS, YES_NO, strict=True))

    assert target(infer(data), name) == ""


def test_a_preference_that_people_without_the_contact_have_is_tied_to_the_profile() -> None:
    data = columns(id=IDS, email=["", "a@example.test"] * 20, newsletter=["Y"] * 40)

    proposed = infer(data)

    assert target(proposed, "newsletter").startswith("ProfilePreferences[")
    assert run(proposed, data)[1] == []


def test_a_consent_is_mapped_with_its_version_and_date() -> None:
    data = columns(
        id=IDS,
        consent=["granted", "revoked"] * 20,
        consent_version=["1.0", "2.0"] * 20,
        consented_at=["2026-01-14T09:00:00Z"] * 40,
    )

    proposed = infer(data)

    (first, *_), rejects = run(proposed, data)
    assert rejects == []
    assert first["Consents"] == [
        {
            "ConsentType": "Marketing",
            "ConsentStatus": 1,
            "ConsentVersion": "1.0",
            "ConsentDate": "2026-01-14T09:00:00Z",
            "Locale": "en_US",
        }
    ]
    assert feed_of(proposed).columns["consent"][0].values == {
        "granted": 1,
        "denied": 2,
        "revoked": 3,
    }


def test_a_version_that_no_column_holds_is_a_constant_with_a_warning() -> None:
    proposed = infer(columns(id=IDS, gdpr_consent=YES_NO))

    assert feed_of(proposed).constants["Consents[ConsentType=Gdpr].ConsentVersion"] == "1.0"
    assert "NO COLUMN HOLDS IT" in proposed.text


def test_dates_that_also_stand_without_a_decision_are_left_out() -> None:
    data = columns(id=IDS, consent=["Y", ""] * 20, consent_date=["2026-01-14"] * 40)

    proposed = infer(data)

    assert target(proposed, "consent_date") == ""
    assert run(proposed, data)[1] == []


# Dates


def test_format_of_dates_is_found(subtests: pytest.Subtests) -> None:
    for cell, format in [
        ("01/14/2026", "%m/%d/%Y"),
        ("14/01/2026 09:30", "%d/%m/%Y %H:%M"),
        ("14.01.2026", "%d.%m.%Y"),
        ("01-14-2026 09:30:15 PM", "%m-%d-%Y %I:%M:%S %p"),
        ("14 Jan 2026", "%d %b %Y"),
        ("January 14, 2026", "%B %d, %Y"),
        ("2026/01/14 09:30:15 +0100", "%Y/%m/%d %H:%M:%S %z"),
        ("2026-01-14T09:30:15Z", "iso8601"),
        ("2026-01-14", "iso8601"),
        ("20260114", "%Y%m%d"),
        ("1768381200", "epoch"),
        ("1768381200000", "epoch_ms"),
    ]:
        with subtests.test(cell=cell):
            data = columns(id=IDS, newsletter=YES_NO, newsletter_date=[cell] * 40)

            proposed = infer(data)

            assert feed_of(proposed).columns["newsletter_date"][0].datetime == format
            assert run(proposed, data)[1] == []


def test_a_day_that_could_be_a_month_is_said_to_be_ambiguous() -> None:
    data = columns(id=IDS, newsletter=YES_NO, newsletter_at=["03/04/2026"] * 40)

    proposed = infer(data)

    assert "AMBIGUOUS" in comment_on(proposed, "newsletter_at")
    assert comment_on(proposed, "newsletter_at").startswith("a guess")


def test_another_column_of_the_file_can_settle_which_comes_first() -> None:
    data = columns(
        id=IDS,
        newsletter=YES_NO,
        newsletter_at=["03/04/2026"] * 40,
        created=["25/04/2026"] * 40,
    )

    proposed = infer(data)

    assert feed_of(proposed).columns["newsletter_at"][0].datetime == "%d/%m/%Y"
    assert "AMBIGUOUS" not in proposed.text


def test_a_reading_that_lies_in_the_future_is_not_taken() -> None:
    data = columns(id=IDS, newsletter=YES_NO, newsletter_at=["05/12/2025", "04/11/2026"] * 20)

    assert feed_of(infer(data)).columns["newsletter_at"][0].datetime == "%m/%d/%Y"


def test_local_times_get_a_zone_that_is_said_to_be_a_guess() -> None:
    data = columns(id=IDS, newsletter=YES_NO, newsletter_at=["2026-01-14 09:30"] * 40)

    proposed = infer(data)

    assert feed_of(proposed).source.timezone == "America/New_York"
    assert "the file names no zone" in proposed.text.replace("\n# ", " ")


def test_times_that_new_york_skipped_are_not_read_as_its_own() -> None:
    data = columns(id=IDS, newsletter=YES_NO, newsletter_at=["2026-03-08 02:30"] * 40)

    proposed = infer(data)

    assert feed_of(proposed).source.timezone == "UTC"
    assert run(proposed, data)[1] == []


def test_a_zone_that_is_known_is_taken() -> None:
    data = columns(id=IDS, newsletter=YES_NO, newsletter_at=["2026-01-14 09:30"] * 40)

    proposed = infer(data, timezone="Europe/Berlin")

    assert feed_of(proposed).source.timezone == "Europe/Berlin"


# The profile


def test_locales_are_mapped_in_the_vendors_writing() -> None:
    data = columns(id=IDS, language=["en-US", "fr-CA"] * 20)

    proposed = infer(data)

    assert {record["DefaultLocale"] for record in run(proposed, data)[0]} == {"en_US", "fr_CA"}


def test_tags_are_split_at_the_sign_between_them() -> None:
    data = columns(id=IDS, tags=["gold;summer", "silver"] * 20)

    proposed = infer(data)

    assert run(proposed, data)[0][0]["ProfileTags"] == [{"Name": "gold"}, {"Name": "summer"}]


def test_groups_get_a_group_type() -> None:
    data = columns(id=IDS, groups=["North|South", "North"] * 20)

    (first, *_), _ = run(infer(data), data)

    assert first["Groups"] == [
        {"GroupName": "North", "GroupType": "Group"},
        {"GroupName": "South", "GroupType": "Group"},
    ]


def test_what_is_not_understood_is_ignored_with_a_way_to_keep_it() -> None:
    data = columns(id=IDS, shoe_size=["42", "43"] * 20)

    proposed = infer(data)

    assert target(proposed, "shoe_size") == ""
    assert '"CustomFields[Name=ShoeSize].Value"' in comment_on(proposed, "shoe_size")


def test_a_name_that_stands_twice_in_the_header_is_ignored_with_the_reason() -> None:
    data = table(["id", "note", "note"], [(i, "a", "b") for i in IDS])

    proposed = infer(data)

    assert target(proposed, "note") == ""
    assert len(run(proposed, data)[0]) == 40


def test_rare_faults_leave_a_column_mapped_and_are_counted_in_a_comment() -> None:
    emails = [*EMAILS[:39], "unknown@"]
    data = columns(id=IDS, email=emails)

    proposed = infer(data)

    assert target(proposed, "email").endswith(".EmailAddress")
    assert "rejects 1: 1 NotAnEmail email" in proposed.text.replace("\n# ", " ")


def test_every_mapped_column_and_constant_says_how_sure_it_is() -> None:
    data = columns(id=IDS, email=EMAILS, mobile=PHONES, sms_opt_in=YES_NO, consent=YES_NO)

    lines = infer(data).text.splitlines()

    section = ""
    for above, line in pairwise(lines):
        section = line if line.startswith("[") else section
        if section in ("[columns]", "[constants]") and " = " in line and line[0] != "#":
            assert above.startswith("# "), line
    assert sum(line.startswith(("# sure:", "# likely:", "# a guess:")) for line in lines) >= 8


# Files whose cells have types


def workbook(rows: list[list[object]]) -> bytes:
    openpyxl = pytest.importorskip("openpyxl")
    book, out = openpyxl.Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    book.save(out)
    return out.getvalue()


def test_an_excel_sheet_is_inferred_from() -> None:
    data = workbook([["crm_id", "email"], *map(list, zip(IDS, EMAILS, strict=True))])

    proposed = infer(data, "crm.xlsx")

    assert proposed.format == "xlsx"
    assert target(proposed, "email").endswith(".EmailAddress")
    assert len(run(proposed, data)[0]) == 40


def test_a_sheet_without_column_names_is_refused() -> None:
    data = workbook([*map(list, zip(IDS, EMAILS, strict=True))])

    with pytest.raises(SourceError, match="does not name its columns"):
        infer(data, "crm.xlsx")


def test_a_parquet_file_is_inferred_from() -> None:
    arrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    out = io.BytesIO()
    parquet.write_table(
        arrow.table({"crm_id": IDS, "email": EMAILS, "news_opt_in": [True] * 40}), out
    )

    proposed = infer(out.getvalue(), "crm.parquet")

    assert proposed.format == "parquet"
    assert feed_of(proposed).columns["news_opt_in"][0].values == {"true": 1, "false": 2}
    assert len(run(proposed, out.getvalue())[0]) == 40
