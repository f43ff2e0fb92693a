"""The mutation score repeats its sample, and believes no test that it did not run."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tools.mutation import plan, survivors
from tools.mutation.recording import Recording
from tools.mutation.runner import _outcome
from tools.mutation.sampling import Name, sample

ONE = Name("prefdrop.ledger.parts", "Part.begin", "x = 1", "1", "2")


@dataclass
class Drawn:
    name: Name


def mutants(**sizes: int) -> list[Drawn]:
    return [
        Drawn(replace(ONE, module=module, number=n))
        for module, size in sizes.items()
        for n in range(1, size + 1)
    ]


def test_sample_takes_modules_in_proportion():
    drawn = sample(mutants(a=300, b=60, c=40), 40, seed=1)

    assert Counter(one.name.module for one in drawn) == {"a": 30, "b": 6, "c": 4}


def test_sample_of_a_seed_repeats_in_any_order():
    every = mutants(a=50, b=50)

    assert sample(every, 10, seed=1) == sample(every[::-1], 10, seed=1)
    assert sample(every, 10, seed=1) != sample(every, 10, seed=2)


def test_sample_after_new_code_keeps_most_mutants():
    before = sample(mutants(a=100), 50, seed=1)
    after = sample(mutants(a=102), 50, seed=1)

    assert len({one.name for one in before} & {one.name for one in after}) >= 48


def test_tests_of_a_line_come_quickest_first():
    recording = Recording({"slow": 2.0, "quick": 0.1}, {"m": {3: ["slow"], 4: ["quick", "slow"]}})

    assert recording.of("m", range(4, 5), range(3, 5)) == ["quick", "slow"]
    assert recording.of("m", range(3, 4), range(3, 5)) == ["slow"]


def test_tests_of_an_import_time_line_are_all_of_its_module():
    recording = Recording({"one": 1.0, "two": 2.0}, {"m": {3: ["one"], 9: ["two"]}})

    assert recording.of("m", range(1, 2), range(1, 2)) == ["one", "two"]


def test_tests_of_a_line_end_with_their_time():
    seconds = {"a": plan.MOST_SECONDS - 1, "b": plan.MOST_SECONDS, "c": 0.5}
    recording = Recording(seconds, {"m": {3: ["a", "b", "c"], 4: ["b"]}})

    assert recording.of("m", range(3, 4)) == ["c", "a"]
    assert recording.of("m", range(4, 5)) == ["b"]


def test_recording_written_reads_back_the_same(tmp_path):
    recording = Recording({"one": 1.0}, {"m": {3: ["one"]}})

    recording.write(tmp_path / "new" / "file.json")

    assert Recording.read(tmp_path / "new" / "file.json") == recording


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        (0, "survived"),
        (1, "killed"),
        (2, "killed"),
        (100, "killed"),
        (-14, "timed out"),
        (-27, "timed out"),
    ],
)
def test_outcome_follows_the_exit_code(code, outcome):
    assert _outcome(code, Path("log")) == outcome


@pytest.mark.parametrize("code", [3, 4, 5, -9])
def test_outcome_of_tests_that_did_not_run_is_an_error(code):
    with pytest.raises(RuntimeError, match=r"read some\.log"):
        _outcome(code, Path("some.log"))


def test_survivor_entry_with_a_reason_reads_back():
    name = replace(ONE, before='"a \\ ü"', number=2)
    text = survivors.entry(name).replace('reason = ""', 'reason = "The vendor never sends it."')

    assert survivors.read(text) == {name: "The vendor never sends it."}


def test_survivor_without_a_reason_is_refused():
    with pytest.raises(survivors.WrongList, match="has no reason"):
        survivors.read(survivors.entry(ONE))


def test_survivor_listed_twice_is_refused():
    text = survivors.entry(ONE).replace('reason = ""', 'reason = "The vendor never sends it."')

    with pytest.raises(survivors.WrongList, match="twice"):
        survivors.read(text + text)


def test_survivors_not_listed_and_listed_kills_are_found():
    two, three = replace(ONE, number=2), replace(ONE, number=3)

    assert survivors.faults({ONE}, [ONE, two, three], [two]) == ([ONE], [two])


@pytest.mark.parametrize("name", plan.TESTS)
def test_plan_names_tests_that_exist(name):
    assert (plan.ROOT / name).exists()


@pytest.mark.parametrize("module", plan.MODULES)
def test_plan_names_modules_that_exist(module):
    assert plan.file_of(module).is_file()


def test_survivor_list_of_the_project_is_readable():
    survivors.read(survivors.FILE.read_text("utf-8"))
