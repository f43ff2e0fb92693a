"""Bulk export: initiate, follow, retrieve page by page, commit.

Two families have the same shape: a segment, and a segment group (segments combined by AND, OR and
EXCEPT). An export is known by its access token, as an import is.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Literal, get_args
from urllib.parse import urlsplit

import msgspec

from prefdrop.mypreferences.answers import Answer, access_token, parse_object
from prefdrop.mypreferences.bulk_export_results import (
    ExportPage,
    ExportStatus,
    parse_export_status,
    parse_page,
)
from prefdrop.mypreferences.dates import utc_text
from prefdrop.mypreferences.errors import Misconfigured
from prefdrop.mypreferences.operations import Operations, address_to_hide

Family = Literal["segment", "segment_group"]
MatchCriteria = Literal["ProfileId", "AlternateId", "PhoneNumber", "EmailAddress"]

PAGE_LIMIT = 1000
"""Profiles per page that the vendor is asked for by default, which is its own default."""

PAGE_LIMIT_MAX = 3200
"""The highest page size we ask for; the vendor's own connector stops there (O-9)."""


class ExportSpec(msgspec.Struct, frozen=True, kw_only=True):
    """What an export is restricted to (vendor documentation of Initiate); nothing by default.

    `last_date_time` is aware: only profiles changed since, as `bulk_export_dates` says.
    `match_criteria` restricts it to the ids, numbers or addresses in `values`; `match_type` names
    the alternate id type, which `AlternateId` needs, or optionally the customer, phone or e-mail
    type. The vendor POSTs the export's status to `callback_url` when it has ended (O-18). `repr`
    leaves out the values, which are people's data, and the url, which may hold a key. Raises
    Misconfigured for anything else.
    """

    last_date_time: datetime | None = None
    match_criteria: MatchCriteria | None = None
    match_type: str | None = None
    values: tuple[str | int, ...] = ()
    callback_url: str | None = None

    def __post_init__(self) -> None:
        for wrong, what in (
            (
                self.last_date_time is not None and self.last_date_time.tzinfo is None,
                "last_date_time must have a time zone",
            ),
            (
                self.match_criteria not in (None, *get_args(MatchCriteria)),
                f"match_criteria must be one of {', '.join(get_args(MatchCriteria))} or absent",
            ),
            (
                bool(self.match_criteria) != bool(self.values),
                "match_criteria and values go together",
            ),
            (
                self.match_criteria == "AlternateId" and not self.match_type,
                "match_criteria AlternateId needs the alternate id's type in match_type",
            ),
            (
                bool(self.match_type) and not self.match_criteria,
                "match_type needs match_criteria",
            ),
            (not _callable(self.callback_url), "callback_url must be an http address"),
        ):
            if wrong:
                raise Misconfigured(f"The export cannot be initiated: {what}.")

    def __repr__(self) -> str:
        return (
            f"ExportSpec(last_date_time={self.last_date_time!r},"
            f" match_criteria={self.match_criteria!r}, match_type={self.match_type!r},"
            f" values={len(self.values)})"
        )

    def body(self) -> bytes:
        """The request body, without what is absent."""
        members: dict[str, Any] = {
            "LastDateTime": self.last_date_time and utc_text(self.last_date_time, "last_date_time"),
            "MatchCriteria": self.match_criteria,
            "MatchType": self.match_type,
            "Values": list(self.values) or None,
            "CallbackURL": self.callback_url,
        }
        return msgspec.json.encode({name: v for name, v in members.items() if v is not None})


def _callable(url: str | None) -> bool:
    if url is None:
        return True
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


class Exports(Operations):
    """The bulk export operations of one account; `Client.exports` is where to get it.

    An access token is opaque and secret, and dies by itself some time after it was given (O-18);
    TokenRefused then says that the export has to be initiated again.
    """

    def initiate_segment(self, name: str, spec: ExportSpec | None = None) -> str:
        """Begin an export of the segment `name` and get its access token. Sent once.

        After an unclear error it may simply be done again: nobody retrieves the other export, and
        its token dies by itself.
        """
        return _token(self._send("export.segment.initiate", segmentName=name, **_details(spec)))

    def initiate_segment_group(self, name: str, spec: ExportSpec | None = None) -> str:
        """As `initiate_segment`, for the segment group `name`."""
        route = "export.segment_group.initiate"
        return _token(self._send(route, segmentGroupName=name, **_details(spec)))

    def status(self, token: str) -> ExportStatus:
        """The export's state. A read: retried."""
        return parse_export_status(self._send("export.status", accessToken=token))

    def retrieve(
        self,
        token: str,
        family: Family,
        *,
        offset: int = 1,
        limit: int = PAGE_LIMIT,
        keep_alive: bool = True,
        timeout: float | None = None,
    ) -> ExportPage:
        """One page of profiles, from the `offset`-th (1-based). A read: retried.

        `limit` is 1 to 3,200 profiles. With `keep_alive` pages may be read again until `commit`;
        without it the token expires with the last page, so that one whose answer got lost cannot
        be had again. `timeout` in seconds is the client's unless given.
        """
        if offset < 1 or not 1 <= limit <= PAGE_LIMIT_MAX:
            raise Misconfigured(
                f"There is no page of {limit} profiles from {offset}.",
                hint=f"offset starts at 1, limit is 1 to {PAGE_LIMIT_MAX}.",
            )
        if family not in get_args(Family):
            raise Misconfigured(
                f"There are no exports of a {family!r}.",
                hint=f"The families are {' and '.join(get_args(Family))}.",
            )
        answer = self._send(
            f"export.{family}.retrieve",
            accessToken=token,
            query=[("limit", limit), ("offset", offset), ("keepAlive", keep_alive)],
            quotes_data=True,
            timeout=timeout,
        )
        return parse_page(answer, offset=offset, limit=limit)

    def iter_pages(
        self,
        token: str,
        family: Family,
        *,
        offset: int = 1,
        limit: int = PAGE_LIMIT,
        keep_alive: bool = True,
        timeout: float | None = None,
    ) -> Iterator[ExportPage]:
        """All pages from `offset` on, until the vendor says that there is no more."""
        while True:
            page = self.retrieve(
                token, family, offset=offset, limit=limit, keep_alive=keep_alive, timeout=timeout
            )
            yield page
            if not page.has_more:
                return
            offset += page.count

    def commit(self, token: str, keep_files: bool = False) -> None:
        """End an export that was retrieved with `keep_alive`: its token expires. Sent once.

        The vendor deletes the export's files unless `keep_files`. After an unclear error it may be
        done again: TokenRefused, or a `status` of Retrieved, says that it had landed.
        """
        self._send("export.commit", accessToken=token, query=[("keepFiles", keep_files)])


def _details(spec: ExportSpec | None) -> dict[str, Any]:
    """The request's body, and what an error must not quote of it: people's ids, and the callback's
    address."""
    asked = spec or ExportSpec()
    return {
        "body": asked.body(),
        "quotes_data": bool(asked.values),
        "hidden": address_to_hide(asked.callback_url or ""),
    }


def _token(answer: Answer) -> str:
    return access_token(answer, parse_object(answer))
