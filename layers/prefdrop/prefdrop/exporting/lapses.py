"""What is not in force any more, as the vendor's data tells it, and how that is counted."""

from __future__ import annotations

from typing import Any

INACTIVE_PROFILES = "inactive_profiles"
DEACTIVATED = "deactivated_items"
EXPIRED = "expired_items"
LAPSED = (INACTIVE_PROFILES, DEACTIVATED, EXPIRED)


def is_inactive(item: dict[str, Any]) -> bool:
    """Whether the vendor has deactivated a profile or one of its items."""
    return item.get("IsActive") is False


def is_expired(item: dict[str, Any]) -> bool:
    """Whether a preference or a consent has expired. Its date alone does not decide: the vendor
    says whether it has (`PreferenceStatus` and `Expired` of its model pages)."""
    return item.get("Expired") is True or item.get("PreferenceStatus") == "Expired"
