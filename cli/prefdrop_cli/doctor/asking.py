"""How the vendor may be asked about assumptions: as whom, how much, and whether writing is fit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import msgspec
from botocore.exceptions import BotoCoreError, ClientError

from prefdrop.ledger.quota import Quota
from prefdrop_cli.doctor.assumptions.stage_session import Counted, uncounted
from prefdrop_cli.doctor.assumptions.staging import DEFAULT_BYTES, Unit
from prefdrop_cli.doctor.patient import Patient
from prefdrop_cli.doctor.vendor_account import VendorAccount, of_options

if TYPE_CHECKING:
    from prefdrop_local.stack import ExternalVendor


@dataclass(frozen=True)
class Asking:
    """An account that can be asked."""

    account: VendorAccount
    chunk_bytes: int = DEFAULT_BYTES
    counted: Counted = uncounted
    """Told of each request that the vendor's limit may count, before it is sent."""
    unit: Unit = "import"
    """What the stack takes the limit to count."""
    busy: str = ""
    """Why nothing should be written just now."""


def of_vendor(server: ExternalVendor) -> Asking:
    """An account without a stack."""
    return Asking(of_options(server))


def of_stack(patient: Patient) -> Asking | None:
    """The account of a stack, whose ledger counts what is sent; None where it cannot be called."""
    try:
        account = patient.vendor
        parameters = patient.deployment.parameters
        quota = _quota(patient)
        unit: Unit = "request" if parameters.get("QuotaUnit") == "request" else "import"

        def counted(kind: Literal["import", "request"]) -> None:
            if kind == "import" or unit == "request":
                quota.mark()

        chunk_bytes = int(parameters.get("ChunkBytes", DEFAULT_BYTES))
        return Asking(account, chunk_bytes, counted, unit, _busy(patient, quota))
    except (BotoCoreError, ClientError, msgspec.DecodeError):
        return None


def _quota(patient: Patient) -> Quota:
    settings = patient.deployment.parameters
    limit, reserve = int(settings["QuotaLimit"]), int(settings["QuotaReserve"])
    return Quota(patient.deployment.table, settings["ClientId"], limit=limit, reserve=reserve)


def _busy(patient: Patient, quota: Quota) -> str:
    """The vendor asks for one import at a time, and its limit is for imports."""
    if holder := patient.deployment.turns.holder().import_id:
        return f"import {holder} has the vendor account's turn"
    return "" if quota.use().left else "the vendor's rolling limit is used up"
