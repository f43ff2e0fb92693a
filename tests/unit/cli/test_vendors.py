"""The vendor options make one server, or the user is told what is missing."""

from __future__ import annotations

import pytest

from prefdrop_cli.exits import WrongUse
from prefdrop_cli.vendors import VendorOptions


def test_no_options_mean_the_sandbox() -> None:
    assert VendorOptions().server() is None


def test_a_url_needs_account_user_and_secret() -> None:
    options = VendorOptions(url="https://pmstg.example.test/", user_id="api.user")

    with pytest.raises(WrongUse, match="--client-id, --secret"):
        options.server()


def test_oauth_needs_its_client_id() -> None:
    options = VendorOptions("https://pmstg.example.test/", "ACME", "api.user", "s", auth="oauth2")

    with pytest.raises(WrongUse, match="--oauth-client-id"):
        options.server()


def test_an_unknown_scheme_is_refused_with_those_there_are() -> None:
    with pytest.raises(WrongUse, match="basic") as refused:
        VendorOptions(auth="basic").server()

    assert "pnauthinfo3 or oauth2" in refused.value.hint


def test_vendor_options_without_a_url_are_not_ignored_in_silence() -> None:
    with pytest.raises(WrongUse, match="--user-id without --vendor-url"):
        VendorOptions(user_id="api.user").server()


def test_a_secret_in_the_environment_does_not_stop_a_run_on_the_sandbox() -> None:
    assert VendorOptions(secret="kept for other commands").server() is None


def test_plain_http_leaves_this_machine_for_nobody() -> None:
    options = VendorOptions("http://pm.example.test/", "ACME", "api.user", "s3cret")

    with pytest.raises(WrongUse, match="https"):
        options.server()


def test_a_whole_set_of_options_makes_a_server() -> None:
    options = VendorOptions("http://127.0.0.1:9/", "ACME", "api.user", "s3cret", "oauth2", "c1")

    server = options.server()

    assert server is not None
    assert (server.client_id, server.auth, server.oauth_client_id) == ("ACME", "oauth2", "c1")
