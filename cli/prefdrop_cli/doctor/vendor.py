"""Whether the vendor can be reached, lets the user in, and has the account."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import urlsplit

import msgspec

from prefdrop.mypreferences.answers import Answer, vendor_message
from prefdrop.mypreferences.errors import (
    Misconfigured,
    MyPreferencesError,
    NotSent,
    WrongCredentials,
)
from prefdrop_cli.doctor.aws import clock_finding
from prefdrop_cli.doctor.findings import Finding, bad, good, skipped
from prefdrop_cli.doctor.patient import Patient
from prefdrop_cli.doctor.probing import Prober, alike, unknown_beside
from prefdrop_cli.doctor.vendor_account import VendorAccount

ACCOUNT_ROUTE = "{clientId}/Programs"
"""The vendor's own example of a call."""

SECRET_REMEDY = (
    "Put the credentials into the stack's secret (output VendorSecretArn); docs/operations.md, "
    "Secrets, shows its members. Running functions take it up by themselves."
)
REASONS = {
    "scheme is invalid": (
        "the vendor does not know the scheme",
        'Set `hash` in the secret to SHA256, SHA384 or SHA512, or `auth` to "oauth2".',
    ),
    "does not match an expected iso": (
        "the vendor cannot read the timestamp, or it lies in its future",
        "Set this machine's clock by NTP.",
    ),
    "difference between issued timestamp": (
        "the timestamp is too old for the vendor",
        "Set this machine's clock by NTP; ask the vendor's support how long a header is good for.",
    ),
    "missing authorization header": (
        "the header did not reach the vendor",
        "Look at proxies on the way that take the Authorization header out.",
    ),
    "unable to authenticate": (
        "the signature is wrong, or the user is unknown or not active in this account",
        "Compare user_id and secret with what the vendor gave you for this environment (Staging "
        "and Production differ), and the account id (parameter ClientId), which is signed too.",
    ),
}
"""The vendor's reasons for a 401 (its documentation of the custom scheme), in part."""


def secret(patient: Patient) -> Iterator[Finding]:
    """Whether the stack's secret is filled in and has the right shape."""
    try:
        patient.vendor.auth()
    except msgspec.DecodeError:
        said = "The vendor secret is not a JSON object of texts."
        yield bad("vendor secret", said, SECRET_REMEDY)
    except Misconfigured as error:
        yield bad("vendor secret", error.message, f"{error.hint} {SECRET_REMEDY}")
    else:
        scheme = patient.vendor_secret.get("auth", "")
        yield good("vendor secret", f"It is filled in, for {scheme}.")


def account(patient: Patient) -> Iterator[Finding]:
    """The vendor as the stack's credentials find it."""
    try:
        known = patient.vendor
        known.auth()
    except (msgspec.DecodeError, Misconfigured):
        yield skipped("vendor", "It was not called: the secret has to be put right first.")
        return
    yield from examine(known)


def examine(known: VendorAccount) -> Iterator[Finding]:
    """One documented read tells: name and network, TLS, authentication, account."""
    prober = Prober(known)
    host = urlsplit(known.base_url).netloc
    try:
        answer = prober.get(ACCOUNT_ROUTE)
        yield good("vendor reachable", f"{host} answers.")
        yield from _clock(answer)
        yield _judged(prober, answer)
    except WrongCredentials as error:
        yield good("vendor reachable", f"{host} answers.")
        yield bad("vendor authentication", error.message, error.hint)
    except NotSent as error:
        yield bad(
            "vendor reachable",
            error.message,
            f"Check parameter BaseUrl, the network and the proxy. {error.hint}",
        )
    except MyPreferencesError as error:
        yield bad("vendor reachable", error.message, error.hint)
    finally:
        prober.close()


def _clock(answer: Answer) -> Iterator[Finding]:
    if answer.date is not None:
        off = (datetime.now(UTC) - answer.date).total_seconds()
        yield clock_finding("clock against the vendor", off, "the vendor")


def _judged(prober: Prober, answer: Answer) -> Finding:
    if answer.status == 200:
        user = prober.account.secret.get("user_id", "")
        return good("vendor account", f"{user} of {prober.account.client_id} is let in.")
    if answer.status == 401:
        return refusal_of(answer)
    if answer.status == 404:
        return _lost(prober, answer)
    if answer.status == 403:
        said = "The user is let in and may not read the account's programs."
        return bad("vendor account", said, "Ask the account's administrator for the permission.")
    return bad(
        "vendor account",
        f"The vendor answers {answer.status} to a documented read.",
        "Look at the vendor's state page; is BaseUrl the address of its API?",
    )


def refusal_of(answer: Answer) -> Finding:
    """What a 401 means, by the vendor's words for it."""
    words = vendor_message(answer.body).lower()
    for part, (meaning, remedy) in REASONS.items():
        if part in words:
            return bad("vendor authentication", f"The vendor refuses: {meaning}.", remedy)
    said = "The vendor refuses the credentials (401) for a reason that it does not document."
    return bad("vendor authentication", said, REASONS["unable to authenticate"][1])


def _lost(prober: Prober, answer: Answer) -> Finding:
    """A path that is not there is told from an account that is not there."""
    unknown = unknown_beside(ACCOUNT_ROUTE)
    if alike(answer, ACCOUNT_ROUTE, prober.get(unknown), unknown):
        return bad(
            "vendor account",
            "The base URL or the account id is wrong: a documented route is answered 404.",
            "Check the parameters BaseUrl, which ends before the account id, and ClientId.",
        )
    return bad(
        "vendor account",
        f"The vendor has no account {prober.account.client_id} (404).",
        "Correct the parameter ClientId: it is the account id, not the OAuth client id.",
    )
