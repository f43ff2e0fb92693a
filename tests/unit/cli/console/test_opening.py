"""A browser is opened where one would be seen, and the console never fails for want of one."""

from __future__ import annotations

import webbrowser

import pytest

from prefdrop_cli.commands.console import on_a_desktop, open_browser

ADDRESS = "http://127.0.0.1:8765/?token=x"


def test_browser_opens_only_at_the_machine_itself(subtests: pytest.Subtests) -> None:
    for environment, platform, seen in [
        ({"DISPLAY": ":0"}, "linux", True),
        ({"WAYLAND_DISPLAY": "wayland-0"}, "linux", True),
        ({}, "linux", False),
        ({}, "darwin", True),
        ({"SSH_CONNECTION": "192.0.2.1 5 192.0.2.2 22"}, "darwin", False),
        ({"SSH_CONNECTION": "192.0.2.1 5 192.0.2.2 22", "DISPLAY": ":10"}, "linux", False),
    ]:
        with subtests.test(environment=environment, platform=platform):
            assert on_a_desktop(environment, platform) is seen


def test_a_browser_that_cannot_be_started_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(_address: str) -> bool:
        raise webbrowser.Error("could not locate runnable browser")

    monkeypatch.delenv("SSH_CONNECTION", raising=False)
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setattr(webbrowser, "open", none)

    assert open_browser(lambda: ADDRESS) is False


def test_without_a_desktop_no_address_is_even_made(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setenv("SSH_CONNECTION", "192.0.2.1 5 192.0.2.2 22")

    opened = open_browser(lambda: asked.append(ADDRESS) or ADDRESS)

    assert (opened, asked) == (False, [])
