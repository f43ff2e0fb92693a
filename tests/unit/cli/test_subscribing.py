"""The file of subscriptions: what it may say, and what is refused before anything is asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from prefdrop_cli.exits import WrongUse
from prefdrop_cli.subscribing.definition import read_file

AUDIT = """
[[subscription]]
name = "audit"
url = "stack"
events = ["consent.*", "preference.added"]
"""


def test_subscription_file_that_makes_no_sense_is_refused(
    subtests: pytest.Subtests, tmp_path: Path
) -> None:
    for text, said in [
        ("[[subscription]]\nname = 'a'\nurl = 'stack'\n", "selects no events"),
        ("[[subscription]]\nname = 'a'\nevents = ['*']\n", "no https address"),
        (
            "[[subscription]]\nname = 'a'\nurl = 'stack'\nevents = ['consent.adde']\n",
            "Did you mean 'consent.added'?",
        ),
        (AUDIT + AUDIT, "several subscriptions named audit"),
        (AUDIT + "sate = 'Paused'\n", "sate"),
        (AUDIT + "[subscription.only]\nProfileActions = ['x']\n", "cannot be narrowed"),
        (AUDIT + "[subscription.only]\nConsents = []\n", "to nothing"),
        (AUDIT + "[subscription.only]\nContacts = ['Home']\n", "selects no event of it"),
        ("[[subscription]]\nname = 'a'\nabsent = true\nurl = 'stack'\n", "says more"),
        ("[[subscription\n", "is not TOML"),
        ("", "names no subscription"),
    ]:
        with subtests.test(said=said):
            file = tmp_path / "subscriptions.toml"
            file.write_text(text)

            with pytest.raises(WrongUse) as refused:
                read_file(file)

            assert said in f"{refused.value.message} {refused.value.hint}"


def test_patterns_stand_for_event_types_and_only_narrows_those_of_its_entity(
    tmp_path: Path,
) -> None:
    file = tmp_path / "subscriptions.toml"
    file.write_text(AUDIT + '[subscription.only]\nPreferences = ["NEWS_WEEKLY"]\n')

    (entry,) = read_file(file)
    selected = {item.event_type: item for item in entry.selections()}

    assert selected["preference.added"].filters == ("NEWS_WEEKLY",)
    assert selected["consent.added"].consent_types == ("AllConsents",)
    assert "preference.updated" not in selected
