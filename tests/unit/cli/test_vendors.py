"""The vendor options make one server, or the user is told what is missing."""

from __future__ import annotations

import pytest

from prefdrop_cli.exits import WrongUse
from prefdrop_cli.vendors import VendorOptions


def test_no_options_mean_the_sandbox() -> None:
    VendorOptions().check()


def test_a_url_needs_account_user_and_secret() -> None:
    options = VendorOptions(url="https://pmstg.example.test/", user_id="api.user")

    with pytest.raises(WrongUse, match="--client-id, --secret"):
        options.check()


def test_oauth_needs_its_client_id() -> None:
    options = VendorOptions("https://pmstg.example.test/", "ACME", "api.user", "s", auth="oauth2")

    with pytest.raises(WrongUse, match="--oauth-client-id"):
        options.check()


def test_an_unknown_scheme_is_refused_with_those_there_are() -> None:
    with pytest.raises(WrongUse, match="basic") as refused:
        VendorOptions(auth="basic").check()

    assert "pnauthinfo3 or oauth2" in refused.value.hint


def test_vendor_options_without_a_url_are_not_ignored_in_silence() -> None:
    with pytest.raises(WrongUse, match="--user-id without --vendor-url"):
        VendorOptions(user_id="api.user").check()


def test_a_secret_in_the_environment_does_not_stop_a_run_on_the_sandbox() -> None:
    VendorOptions(secret="kept for other commands").check()


def test_the_secret_has_the_shape_that_the_functions_read() -> None:
    keyed = VendorOptions("https://a.test/", "ACME", "api.user", "s3cret")
    oauth = VendorOptions("https://a.test/", "ACME", "api.user", "s3cret", "oauth2", "c1")

    assert keyed.secret_document() == {
        "auth": "pnauthinfo3",
        "user_id": "api.user",
        "secret": "s3cret",
    }
    assert oauth.secret_document() == {
        "auth": "oauth2",
        "user_id": "api.user",
        "oauth_client_id": "c1",
        "oauth_client_secret": "s3cret",
        "token_url": "",
    }
