"""What a run leaves: whole, once, in order, with nothing to be seen before its end."""

from __future__ import annotations

import hashlib
import json

from tests.faults.exports.simulation import EXPORT, ExportSimulation


def test_a_first_run_holds_every_profile_as_the_vendor_has_it(
    simulation: ExportSimulation,
) -> None:
    simulation.put_people(range(40))

    execution = simulation.export("1")

    assert execution.status == "SUCCEEDED", (execution.error, execution.visited)
    manifest = simulation.manifests()["1"]
    assert {one["ProfileId"]: one for one in simulation.records(manifest)} == simulation.profiles()
    assert (manifest["mode"], manifest["why_full"]) == ("full", "it is the first run")
    assert len(manifest["objects"]) > 1


def test_the_manifest_says_exactly_what_lies_in_the_bucket(simulation: ExportSimulation) -> None:
    simulation.put_people(range(40))

    simulation.export("1")

    manifest = simulation.manifests()["1"]
    for one in manifest["objects"]:
        stored = simulation.s3.get_object(Bucket="bucket", Key=one["key"])
        body = stored["Body"].read()
        assert (hashlib.sha256(body).hexdigest(), len(body)) == (one["sha256"], one["bytes"])
        assert stored["VersionId"] == one["version_id"]
    assert sum(one["records"] for one in manifest["objects"]) == manifest["records"] == 40


def test_the_manifest_counts_what_the_columns_do_not_tell_over_all_objects(
    simulation: ExportSimulation,
) -> None:
    simulation.put_people(range(20))
    simulation.put_people(range(20, 60), CustomerName={"FirstName": "ANA"})
    simulation.put_people(range(56, 60), IsActive=False)
    simulation.define(
        EXPORT.replace("[output]", '[output]\nformat = "csv"').replace("= 4000", "= 1000")
        + '[columns]\nid = "ProfileId"\nmail = "Emails[EmailAddressType=Home].EmailAddress"\n'
        'first = { to = "CustomerName.FirstName", case = "lower" }\n'
    )

    simulation.export("1")

    manifest = simulation.manifests()["1"]
    named = [n for n, one in simulation.profiles().items() if one.get("CustomerName")]
    assert manifest["inexpressible"] == {"first": 40}
    assert manifest["examples"] == {"first": min(named)}
    assert manifest["lapsed"] == {
        "inactive_profiles": 4,
        "deactivated_items": 0,
        "expired_items": 0,
    }
    assert len(manifest["objects"]) > 1


def test_a_later_run_brings_what_changed_and_nothing_twice(simulation: ExportSimulation) -> None:
    simulation.put_people(range(40))
    simulation.export("1")
    simulation.put_people(range(38, 45), CustomerName={"FirstName": "Ana"})

    simulation.export("2")

    manifest = simulation.manifests()["2"]
    names = {one["CustomerName"]["FirstName"] for one in simulation.records(manifest)}
    assert (names, manifest["records"]) == ({"Ana"}, 7)
    assert manifest["mode"] == "incremental"
    assert manifest["read"] == manifest["records"] + manifest["duplicates_removed"]
    assert manifest["previous_run"] == "1"


def test_a_run_in_which_nothing_changed_has_a_manifest_without_objects(
    simulation: ExportSimulation,
) -> None:
    simulation.put_people(range(5))
    simulation.export("1")

    simulation.export("2")

    manifest = simulation.manifests()["2"]
    assert (manifest["records"], manifest["objects"]) == (0, [])


def test_an_empty_segment_is_exported_as_nothing(simulation: ExportSimulation) -> None:
    execution = simulation.export("1")

    assert execution.status == "SUCCEEDED"
    assert simulation.manifests()["1"]["objects"] == []
    simulation.put_people(range(3))
    simulation.export("2")
    assert simulation.manifests()["2"]["records"] == 3


def test_a_full_run_names_all_that_is_gone_since_the_last_full_one(
    simulation: ExportSimulation,
) -> None:
    simulation.put_people(range(20))
    simulation.export("1")
    simulation.put_people(range(20, 25))
    simulation.export("2")
    before = set(simulation.profiles())
    simulation.delete_people([3, 22])

    simulation.export("3", full=True)

    manifest = simulation.manifests()["3"]
    lines = simulation.read(manifest["removed"]["key"]).splitlines()
    gone = {json.loads(line)["ProfileId"] for line in lines}
    assert gone == before - set(simulation.profiles())
    assert (len(gone), manifest["removed"]["records"]) == (2, 2)
    assert manifest["removed"]["since_run"] == "1"


def test_what_was_named_as_gone_is_not_named_again(simulation: ExportSimulation) -> None:
    simulation.put_people(range(5))
    simulation.export("1", full=True)
    simulation.delete_people([3])
    simulation.export("2", full=True)

    simulation.export("3", full=True)

    assert simulation.manifests()["2"]["removed"]["records"] == 1
    assert simulation.manifests()["3"]["removed"]["records"] == 0


def test_a_definition_that_selects_others_begins_with_everything(
    simulation: ExportSimulation,
) -> None:
    simulation.put_people(range(10))
    simulation.export("1")
    ids = '\n[restrict]\nby = "AlternateId"\ntype = "CrmContactId"\nvalues = ["C-4", "C-7"]\n'
    simulation.define(EXPORT + ids)

    simulation.export("2")

    manifest = simulation.manifests()["2"]
    assert (manifest["mode"], manifest["records"]) == ("full", 2)
    assert "other profiles" in manifest["why_full"]


def test_ids_may_stand_in_a_file_of_the_bucket(simulation: ExportSimulation) -> None:
    simulation.put_people(range(10))
    simulation.s3.put_object(Bucket="bucket", Key="lists/vip.txt", Body=b"C-2\r\n\nC-9\nC-2\n")
    ids = '\n[restrict]\nby = "AlternateId"\ntype = "CrmContactId"\nfile = "lists/vip.txt"\n'
    simulation.define(EXPORT + ids)

    simulation.export("1")

    assert simulation.manifests()["1"]["records"] == 2


def test_a_run_that_finds_another_under_way_does_nothing(simulation: ExportSimulation) -> None:
    simulation.put_people(range(5))
    first = simulation.start_run("1").run()

    second = simulation.start_run("2").run()

    assert (second.status, second.visited[-1]) == ("SUCCEEDED", "AnotherIsRunning")
    assert simulation.run_item("2").status == "Skipped"
    assert simulation.finish(first).status == "SUCCEEDED"
    assert simulation.manifests().keys() == {"1"}


def test_a_slot_that_begins_after_a_later_run_has_ended_is_skipped(
    simulation: ExportSimulation,
) -> None:
    simulation.put_people(range(5))
    simulation.export("20260115T000000.000Z")
    simulation.put_people(range(2), CustomerName={"FirstName": "Ana"})
    by_hand = "20260116T000300.000Z"
    simulation.export(by_hand)
    simulation.put_people(range(2), CustomerName={"FirstName": "Eva"})

    late = simulation.export("20260116T000000.000Z")
    simulation.export("20260117T000000.000Z")

    assert (late.status, late.visited[-1]) == ("SUCCEEDED", "AnotherIsRunning")
    skipped = simulation.run_item("20260116T000000.000Z")
    assert (skipped.status, "later run" in skipped.why_skipped) == ("Skipped", True)
    assert simulation.manifests()["20260117T000000.000Z"]["previous_run"] == by_hand
    simulation.assert_readers_have_everything()


def test_a_run_whose_execution_was_stopped_holds_up_nobody(simulation: ExportSimulation) -> None:
    simulation.put_people(range(5))
    stopped = simulation.start_run("1").run()
    stopped.status = "ABORTED"

    simulation.export("2")

    assert simulation.run_item("1").error.code == "ExecutionEnded"  # type: ignore[union-attr]
    assert simulation.manifests().keys() == {"2"}


def test_an_object_that_somebody_replaced_is_noticed(simulation: ExportSimulation) -> None:
    simulation.put_people(range(20))
    execution = simulation.start_run("1")
    simulation.walk_to(execution, "Finishing")
    written = simulation.worker().exports.objects(simulation.run_item("1"))[0]
    simulation.s3.put_object(Bucket="bucket", Key=written.key, Body=b"not it")

    simulation.finish(execution)

    assert simulation.manifests()["1"]["attempts"] == 2
    simulation.assert_readers_have_everything()


def test_nothing_is_left_but_what_readers_and_the_next_run_need(
    simulation: ExportSimulation,
) -> None:
    simulation.put_people(range(20))
    simulation.export("1")
    simulation.put_people(range(3))

    simulation.export("2")

    manifests = simulation.manifests()
    named = {one["key"] for manifest in manifests.values() for one in manifest["objects"]}
    named |= {f"exports/people/{run}/manifest.json" for run in manifests}
    state = simulation.state()
    listed = set(simulation.worker().files.list("exports/people/"))
    assert listed == named | {state.tail, state.known}
    assert list(simulation.worker().files.list("spool/")) == []


def test_an_export_survives_the_loss_of_what_its_next_run_needs(
    simulation: ExportSimulation,
) -> None:
    simulation.put_people(range(5))
    simulation.export("1")
    for key in list(simulation.worker().files.list("exports/people/_state/")):
        simulation.s3.delete_object(Bucket="bucket", Key=key)

    simulation.export("2")
    simulation.export("3", full=True)
    simulation.export("4", full=True)

    manifests = simulation.manifests()
    assert manifests["2"]["records"] == 5
    assert manifests["3"]["removed"] is None
    assert manifests["4"]["removed"]["since_run"] == "3"
