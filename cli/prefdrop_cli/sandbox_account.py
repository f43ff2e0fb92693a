"""What the sandbox's invented account has, for checking a feed without a stack."""

from __future__ import annotations

from datetime import UTC, datetime

from prefdrop.configuring.pull import pull
from prefdrop.mypreferences import Client, PnAuthInfo3
from prefdrop_cli.snapshots import KnownAccount


def sandbox_account() -> KnownAccount:
    """The account of a sandbox that is started for this question."""
    from prefdrop_local.sandbox.process import start_sandbox

    with start_sandbox() as sandbox:
        known = sandbox.credentials
        auth = PnAuthInfo3(known["client_id"], known["user_id"], known["secret"])
        with Client(sandbox.url, known["client_id"], auth) as client:
            snapshot = pull(client, known["client_id"], datetime.now(UTC))
    return KnownAccount(snapshot, "the sandbox")
