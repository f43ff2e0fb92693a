"""What a rule or a schedule cannot deliver is kept, or the template says why it may be lost."""

from __future__ import annotations

from typing import Any

from tools.dead_letters import REASON, faults
from tools.translation import Template

BECAUSE = "The next run, a minute later, finds all that this one would have found."


def _template(reason: str | None, kind: str = "AWS::Events::Rule", **more: Any) -> Template:
    target = {"Arn": {"Fn::GetAtt": ["Sweep", "Arn"]}, **more}
    held = {"Target": target} if kind == "AWS::Scheduler::Schedule" else {"Targets": [target]}
    metadata = {} if reason is None else {REASON: reason}
    return {
        "Resources": {
            "Sweep": {"Type": "AWS::Lambda::Function", "Metadata": metadata},
            "EveryMinute": {"Type": kind, "Properties": held},
        }
    }


def test_every_target_of_the_template_has_a_queue_or_a_reason(translated):
    assert faults(translated) == []


def test_every_reason_that_is_taken_out_is_missed(subtests, translated):
    named = [n for n, r in translated["Resources"].items() if REASON in r.get("Metadata", {})]

    assert len(named) == 5
    for name in named:
        metadata = translated["Resources"][name]["Metadata"]
        reason = metadata.pop(REASON)
        with subtests.test(name=name):
            assert any(f"{REASON} of {name}" in fault for fault in faults(translated))
        metadata[REASON] = reason


def test_target_without_queue_and_reason_is_a_fault(subtests):
    for kind in ("AWS::Events::Rule", "AWS::Scheduler::Schedule"):
        for reason in (None, "", "not needed"):
            with subtests.test(kind=kind, reason=reason):
                (fault,) = faults(_template(reason, kind))

                assert fault.startswith("EveryMinute: give its target a DeadLetterConfig")


def test_target_with_queue_or_reason_is_accepted():
    queue = {"Arn": {"Fn::GetAtt": ["Queue", "Arn"]}}

    assert faults(_template(BECAUSE)) == []
    assert faults(_template(None, DeadLetterConfig=queue)) == []


def test_reason_beside_a_queue_is_not_needed():
    queue = {"Arn": {"Fn::GetAtt": ["Queue", "Arn"]}}

    (fault,) = faults(_template(BECAUSE, DeadLetterConfig=queue))

    assert fault.startswith("Sweep: NoDeadLetterQueue is not needed")
