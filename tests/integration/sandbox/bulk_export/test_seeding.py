"""Invented profiles for tests and measurements."""

from __future__ import annotations

from tests.integration.sandbox.bulk_export.exporter import Exporter


def test_seeded_profiles_are_the_same_for_the_same_seed(exporter: Exporter) -> None:
    exporter.vendor.stop_clock()
    order = {"profiles": 50, "seed": 3}
    exporter.admin("POST", "seed", json=order)
    first = exporter.vendor.profiles()
    exporter.admin("POST", "reset")
    exporter.vendor.stop_clock()
    exporter.admin("POST", "seed", json=order)

    again = exporter.vendor.profiles()

    assert len({profile["ProfileId"] for profile in first}) == 50
    assert [_undated(profile) for profile in first] == [_undated(profile) for profile in again]
    exporter.admin("POST", "seed", json={"profiles": 50, "seed": 4})
    assert _undated(exporter.vendor.profiles()[50]) != _undated(first[0])


def test_seeded_profiles_are_profiles_like_others(exporter: Exporter) -> None:
    ids = exporter.seed(20)
    vendor = exporter.vendor
    crm_id = f"SEED-{ids[7]}"
    identity = [{"AlternateIdType": "CrmContactId", "AlternateId": crm_id}]

    status = vendor.run({"AlternateIds": identity, "CustomerName": {"FirstName": "Zoe"}})

    assert status["Processed"] == 1
    assert len(vendor.profiles()) == 20
    assert vendor.profiles()[7]["CustomerName"]["FirstName"] == "Zoe"
    vendor.run({"AlternateIds": [{**identity[0], "AlternateId": "C-1"}]})
    assert vendor.profiles()[-1]["ProfileId"] == ids[-1] + 1


def test_seeded_records_can_be_imported_as_they_are(exporter: Exporter) -> None:
    exporter.seed(30)
    read_only = {"IsActive", "CreateDate", "LastModifiedDate", "SourceId", "UserId", "ProfileId"}
    records = [
        {name: value for name, value in profile.items() if name not in read_only}
        for profile in exporter.export()
    ]
    exporter.vendor.reset()

    status = exporter.vendor.run(*records)

    assert (status["Processed"], status["ValidationFailed"], status["Exceptions"]) == (30, 0, 0)


def _undated(profile: dict[str, object]) -> dict[str, object]:
    dates = ("CreateDate", "LastModifiedDate")
    kept = {name: value for name, value in profile.items() if name not in dates}
    return {name: str(value)[:40] for name, value in kept.items()}
