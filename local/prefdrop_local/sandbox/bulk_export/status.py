"""The status object, which callbacks carry as well (O-18)."""

from __future__ import annotations

from typing import Any

from prefdrop_local.sandbox.bulk_export.exports import GENERATED, PROCESSING, Export
from prefdrop_local.sandbox.clock import iso
from prefdrop_local.sandbox.settings import Settings


def token_member(item: Export, settings: Settings) -> dict[str, Any]:
    """`AccessToken` alone, as initiate answers."""
    return {"AccessToken": str(item.token) if settings.token_type == "string" else item.token}


def status_object(item: Export, settings: Settings) -> dict[str, Any]:
    """State and size; the size is null unless the export was generated."""
    generated = item.state in GENERATED
    members = {
        **token_member(item, settings),
        "Status": item.state,
        "RowCount": item.rows if generated else None,
        "ByteCount": item.bytes if generated else None,
    }
    if settings.export_expires:
        members["Expires"] = "" if item.state == PROCESSING else iso(int(item.dies_at))
    return members
