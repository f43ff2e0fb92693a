"""The descriptions of all areas together."""

from __future__ import annotations

from prefdrop_local.sandbox.bulk_export import described as bulk_export
from prefdrop_local.sandbox.bulk_import import described as bulk_import
from prefdrop_local.sandbox.configuration import described as configuration
from prefdrop_local.sandbox.events import described as events
from prefdrop_local.sandbox.openapi.description import Described
from prefdrop_local.sandbox.profile_data import described as profile_data
from prefdrop_local.sandbox.profile_data.schemas import SCHEMAS
from prefdrop_local.sandbox.users import described as users

__all__ = ["DESCRIBED", "SCHEMAS"]

DESCRIBED: dict[str, Described] = {
    **bulk_import.DESCRIBED,
    **bulk_export.DESCRIBED,
    **events.DESCRIBED,
    **profile_data.DESCRIBED,
    **configuration.DESCRIBED,
    **users.DESCRIBED,
}
"""By route name; each served route has its own."""
