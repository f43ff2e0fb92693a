"""Bulk import: initiate, stage any number of times, execute, follow, collect the exceptions.

Counters are cumulative per access token, the vendor knows no idempotency key (O-19), and it asks
for one import at a time per account. This module therefore repeats nothing that changes something;
`prefdrop.mypreferences.unclear` tells a caller when to look before it sends again.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import msgspec

import mypreferences_assumptions as assumptions
from prefdrop.mypreferences.errors import Misconfigured
from prefdrop.mypreferences.import_results import (
    ExceptionPage,
    ImportStatus,
    parse_exceptions,
    parse_status,
)
from prefdrop.mypreferences.operations import Operations

PAGE_LIMIT_MAX = 3200
"""The highest page size we ask for; the vendor's own connector stops there (O-9)."""


class ImportSpec(msgspec.Struct, frozen=True, kw_only=True):
    """What an import is to do (vendor documentation of Initiate).

    `name` has 1 to 100 characters; `data_stage_duration` is 0 to 10 days. Without `match_criteria`
    records match on ProfileId; `match_value` names the alternate id's type. `reason_code` is kept
    for audit with deletes (O-6), at most 256 characters. Raises Misconfigured for anything else.
    """

    name: str
    data_stage_duration: int = 3
    import_action: Literal["Add", "Delete"] = "Add"
    match_criteria: Literal["AlternateIdType"] | None = None
    match_value: str | None = None
    refresh_alternate_ids: bool = False
    refresh_contacts: bool = False
    refresh_custom_fields: bool = False
    refresh_groups: bool = False
    refresh_tags: bool = False
    allow_prior_consents: bool = False
    reason_code: str | None = None

    def __post_init__(self) -> None:
        for wrong, what in (
            (not 1 <= len(self.name) <= 100, "name must have 1 to 100 characters"),
            (not 0 <= self.data_stage_duration <= 10, "data_stage_duration must be 0 to 10 days"),
            (self.import_action not in ("Add", "Delete"), "import_action must be Add or Delete"),
            (
                self.match_criteria not in (None, "AlternateIdType"),
                "match_criteria must be AlternateIdType or absent",
            ),
            (
                bool(self.match_criteria) != bool(self.match_value),
                "match_criteria and match_value go together",
            ),
            (len(self.reason_code or "") > 256, "reason_code must have at most 256 characters"),
        ):
            if wrong:
                raise Misconfigured(f"The import cannot be initiated: {what}.")

    def body(self) -> bytes:
        """The request body. Every default is said, except what is absent."""
        members = {_pascal(name): getattr(self, name) for name in self.__struct_fields__}
        return msgspec.json.encode({k: v for k, v in members.items() if v is not None})


def _pascal(name: str) -> str:
    return "".join(word.capitalize() for word in name.split("_"))


class Imports(Operations):
    """The bulk import operations of one account; `Client.imports` is where to get it."""

    def initiate(self, spec: ImportSpec) -> ImportStatus:
        """Begin an import and get its access token. Sent once.

        After an unclear error it may simply be done again: a token that nobody uses dies by
        itself, though it may count against the daily limit (O-7).
        """
        answer = self._send("import.initiate", body=spec.body())
        return parse_status(answer, required="AccessToken")

    def stage(self, token: str, body: bytes, *, timeout: float) -> ImportStatus:
        """Stage the records in `body`, a whole JSON request body, exactly as it is. Sent once.

        `timeout` in seconds bounds the whole of it: authentication, connecting, sending and the
        answer. The counters in the result are totals over all stage requests of the token. After
        an unclear error, `status(token).total_records_received` tells whether it landed.
        """
        answer = self._send(
            "import.stage", accessToken=token, body=body, timeout=timeout, quotes_data=True
        )
        return parse_status(answer, token=token, required="TotalRecordsReceived")

    def execute(self, token: str, *, timeout: float | None = None) -> ImportStatus:
        """Let the vendor import what was staged. Sent once; then follow `status`.

        After an unclear error, a `status` of `Staging` says that it did not land.
        """
        answer = self._send("import.execute", accessToken=token, timeout=timeout)
        return parse_status(answer, token=token, required="Status")

    def status(self, token: str) -> ImportStatus:
        """The import's state and counters. A read: retried."""
        answer = self._send("import.status", accessToken=token)
        return parse_status(answer, token=token, required="Status")

    def exceptions(
        self, token: str, *, offset: int = 1, limit: int = assumptions.EXCEPTIONS_PAGE_LIMIT
    ) -> ExceptionPage:
        """One page of the records that failed, from the `offset`-th (1-based). A read: retried.

        `limit` is 1 to 3,200 records.
        """
        if offset < 1 or not 1 <= limit <= PAGE_LIMIT_MAX:
            raise Misconfigured(
                f"There is no page of {limit} exceptions from {offset}.",
                hint=f"offset starts at 1, limit is 1 to {PAGE_LIMIT_MAX}.",
            )
        query = [("limit", limit), ("offset", offset)]
        answer = self._send("import.exceptions", accessToken=token, query=query, quotes_data=True)
        return parse_exceptions(answer, offset=offset, limit=limit)

    def iter_exceptions(
        self, token: str, *, offset: int = 1, limit: int = assumptions.EXCEPTIONS_PAGE_LIMIT
    ) -> Iterator[ExceptionPage]:
        """All pages from `offset` on; ends where the vendor says there is no more, or none came.

        The vendor's `TotalResults` is capped at the page size, so it is not used.
        """
        while True:
            page = self.exceptions(token, offset=offset, limit=limit)
            yield page
            if not page.has_more or page.count == 0:
                return
            offset += page.count
