"""Which of the account's subscriptions deliver elsewhere: what they bring is not missed here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prefdrop.errors import PrefdropError
from prefdrop.telemetry import logger

if TYPE_CHECKING:
    from prefdrop.importing.vendor import Vendor


def elsewhere(vendor: Vendor, webhook_url: str) -> frozenset[str]:
    """The ids of the subscriptions that lead to another address than `webhook_url` and its key.

    A subscription that is not listed may be one of ours that somebody has deleted, so it is none
    of them. Empty where the list cannot be read, or our own address is not known: then the events
    of all subscriptions count as missed here.
    """
    if not webhook_url:
        return frozenset()
    try:
        there = vendor.call(lambda client: client.subscriptions.list())
    except PrefdropError as error:
        logger.warning("events of every subscription count", extra={"code": error.code})
        return frozenset()
    ours = webhook_url.rstrip("/") + "/"
    return frozenset(str(one.id) for one in there if not (one.url or "").startswith(ours))
