"""A stack that is made ill in one way at a time, and examined."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from prefdrop.ledger import keys
from prefdrop.ledger.clock import iso_now, now_ms
from prefdrop.ledger.imports import Import, ImportStore, Status
from prefdrop.ledger.table import Key
from prefdrop_cli.commands.subscriptions import vendor_of, webhook_address
from prefdrop_cli.deployments import Deployment, connect
from prefdrop_cli.doctor.examination import CHECKS
from prefdrop_cli.doctor.findings import Finding
from prefdrop_cli.doctor.patient import Patient, examined
from tests.workbench import FEED, Workbench

GONE = "arn:aws:states:us-east-1:123456789012:execution:prefdrop-import:gone"
"""An execution that there is not."""

HOLDING = FEED.replace("= 100", "= 10") + 'over_gate = "hold"\nhold_minutes = 30\n'


class Ward:
    """A workbench seen by its operator."""

    def __init__(self, bench: Workbench) -> None:
        self.bench = bench
        self.deployment: Deployment = connect("prefdrop", bench.stack.endpoint)
        self._secrets = {
            name: self._secret(name) for name in ("VendorSecretArn", "WebhookSecretArn")
        }

    def make_well(self) -> None:
        """A feed, a snapshot, no subscription, empty tables and queues, the right secrets."""
        self.bench.reset_vendor()
        self.bench.set_vendor(allow_http_loopback=True, handshake="none")
        for name, text in self._secrets.items():
            self.put_secret(name, text)
        self.bench.empty_bucket("feeds/", "exports/")
        self.bench.push_feed()
        self.bench.empty_tables("Imports", "Exceptions", "Audit")

    # --- examining ----------------------------------------------------------------------------

    def look(self, check: str, **parameters: str) -> list[Finding]:
        """What one check finds, of a stack with other parameters where some are given."""
        given = {**self.deployment.parameters, **parameters}
        deployment = self.deployment.replace(parameters=given)
        return list(examined(check, CHECKS[check], Patient(deployment)))

    def ill(self, check: str, **parameters: str) -> Finding:
        """The one finding of a check that is not good."""
        (finding,) = [one for one in self.look(check, **parameters) if one.verdict != "good"]
        return finding

    def is_well(self, check: str) -> bool:
        """Whether all that a check finds is good."""
        return {one.verdict for one in self.look(check)} == {"good"}

    def doctor(self, *options: str) -> subprocess.CompletedProcess[str]:
        """The command, as an operator runs it."""
        return self.bench.prefdrop("doctor", *options)

    # --- making ill ---------------------------------------------------------------------------

    def client(self, service: str) -> Any:
        """A client of the stack."""
        return self.deployment.client(service)

    def physical(self, name: str) -> str:
        """The physical id of a resource."""
        return Patient(self.deployment).physical(name)

    def put_secret(self, output: str, text: str) -> None:
        """Replace a secret's text."""
        arn = self.deployment.outputs[output]
        self.client("secretsmanager").put_secret_value(SecretId=arn, SecretString=text)

    def change_secret(self, output: str, **members: Any) -> None:
        """Replace members of a secret."""
        self.put_secret(output, json.dumps({**json.loads(self._secrets[output]), **members}))

    def change_item(self, key: Key, **members: Any) -> None:
        """Change members of an item of the ledger."""
        self.deployment.table.update(key, put=members)

    def register(self, import_id: str, status: Status, execution: str = GONE, **more: Any) -> None:
        """An import in the ledger, as if it had come to this."""
        now = iso_now()
        ImportStore(self.deployment.table).register(
            Import(
                import_id=import_id, feed="people", status=status, bucket=self.bench.bucket,
                key="inbox/people/p.csv", version_id="v1", execution_arn=execution,
                registered_at=now, updated_at=now, finished_at=now, **more,
            )
        )  # fmt: skip

    def hold_turn(self, import_id: str, execution: str, *, minutes: int, told: bool = True) -> None:
        """Somebody has the turn for so long."""
        self.change_item(
            keys.turn_holder(self.deployment.parameters["ClientId"]),
            execution=execution,
            import_id=import_id,
            epoch=1,
            since=now_ms() - minutes * 60_000,
            not_before=0,
            acknowledged=told,
        )

    @contextmanager
    def held_import(self) -> Iterator[dict[str, Any]]:
        """An import whose gate holds it, as long as the block lasts."""
        self.bench.push_feed(HOLDING)
        rows = "id,first,email,news\n" + "".join(
            f"C-{n},Ana,{'p@example.test' if n % 2 else 'nobody'},Y\n" for n in range(10)
        )
        version = self.bench.drop(rows)
        execution = self.bench.execution_of(version)
        self.bench.wait_for_step("AwaitApprovalFunction")
        held = self.bench.import_of(version)
        try:
            yield held
        finally:
            self.bench.prefdrop("imports", "cancel", held["import_id"])
            self.bench.end_of(execution)

    def subscribe(self, url: str = "", state: str = "Active") -> None:
        """A subscription at the vendor, by default to the stack's webhook."""
        from prefdrop.mypreferences import Subscription, select_event

        with vendor_of(self.deployment) as client:
            client.subscriptions.create(
                Subscription(
                    name="audit",
                    url=url or webhook_address(self.deployment),
                    state=state,
                    subscriptions=(select_event("profile.created"),),
                )
            )

    # --- what it is made of -------------------------------------------------------------------

    def _secret(self, output: str) -> str:
        client = self.client("secretsmanager")
        text: str = client.get_secret_value(SecretId=self.deployment.outputs[output])[
            "SecretString"
        ]
        return text
