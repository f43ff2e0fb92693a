"""How full things are at a moment, as metrics: each value stands for itself, none is added up."""

from __future__ import annotations

from aws_lambda_powertools.metrics import MetricUnit

from prefdrop.telemetry import metrics


def tell_waiting(imports: int) -> None:
    """How many imports wait for the account's only turn."""
    _tell("ImportsWaiting", imports)


def tell_quota(used: int) -> None:
    """How much of the vendor's limit was used up when more of it was asked for."""
    _tell("QuotaUsed", used)


def _tell(name: str, value: int) -> None:
    metrics.add_metric(name, MetricUnit.Count, value)
    metrics.flush_metrics()
