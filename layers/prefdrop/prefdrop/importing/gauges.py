"""How full things are at a moment, as metrics: each value stands for itself, none is added up."""

from __future__ import annotations

from aws_lambda_powertools.metrics import MetricUnit

from prefdrop.ledger.clock import milliseconds_of, now_ms
from prefdrop.ledger.imports import Import
from prefdrop.ledger.turns import Turn
from prefdrop.telemetry import metrics

AWAY_MS = 30 * 60_000
REFUSED_MS = 5 * 60_000
TURN_MS = 12 * 3600_000
"""How long an import waits for a vendor who is away or refuses the credentials, or has the turn
while others wait, before an alarm."""


def tell_waiting(imports: int) -> None:
    """Write how many imports wait for the account's only turn."""
    _tell("ImportsWaiting", imports)


def tell_turn(holder: Turn | None) -> None:
    """Write whether the turn's holder has had it for too long; None where no import waits."""
    since = holder.since if holder and holder.execution else now_ms()
    _tell("TurnStuck", now_ms() - since > TURN_MS)


def tell_quota(used: int) -> None:
    """Write how much of the vendor's limit was used up when more of it was asked for."""
    _tell("QuotaUsed", used)


def tell_vendor_wait(record: Import | None) -> None:
    """Write whether the turn's holder has waited for the vendor for too long, by the reason."""
    waiting = record.waiting if record else None
    waited = now_ms() - milliseconds_of(waiting.since) if waiting else 0
    refused = waiting is not None and waiting.kind == "credentials"
    _tell("CredentialsRefused", refused and waited > REFUSED_MS)
    _tell("VendorAway", not refused and waited > AWAY_MS)


def _tell(name: str, value: int) -> None:
    metrics.add_metric(name, MetricUnit.Count, int(value))
    metrics.flush_metrics()
