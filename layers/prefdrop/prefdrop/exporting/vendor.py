"""The vendor's bulk export as the steps see it, and what its clock said when one was asked for."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import requests

from prefdrop.errors import Terminal
from prefdrop.importing.vendor import Vendor
from prefdrop.mypreferences import Client, ExportPage, ExportSpec, ExportStatus, NotFound
from prefdrop.mypreferences.answers import http_date

if TYPE_CHECKING:
    from prefdrop.exporting.definition import Export, Family


class VendorTimeUnknown(Terminal):
    """The vendor's answer names no time, so nobody can say what an export has surely seen."""


class SegmentUnknown(Terminal):
    """The vendor knows no segment, or segment group, of the name that the definition gives."""


class Begun(NamedTuple):
    """An export that was asked for; `asked_at` is no later than the vendor heard of it."""

    token: str
    asked_at: datetime


class ExportVendor:
    """The calls of one account's exports."""

    def __init__(self, vendor: Vendor) -> None:
        self._vendor = vendor
        self._date = ""
        vendor.session.hooks["response"].append(self._note_date)

    def begin(
        self,
        export: Export,
        *,
        since: datetime | None,
        values: Sequence[str] = (),
        callback_url: str = "",
    ) -> Begun:
        """Ask for an export of what changed `since`, or of everything.

        `asked_at` is the `Date` of the answer, which the vendor cuts to whole seconds, less all the
        time that the call took: it lies before the moment at which the vendor heard of the export,
        and so before the one as of which it selects. Raises VendorTimeUnknown.
        """
        restrict = export.restrict
        spec = ExportSpec(
            last_date_time=since,
            match_criteria=restrict.by if restrict else None,
            match_type=restrict.type if restrict else None,
            values=tuple(values),
            callback_url=callback_url or None,
        )
        started, self._date = time.monotonic(), ""
        token = self._vendor.weighed(lambda client: _initiate(client, export, spec))
        took = math.ceil((time.monotonic() - started) * 1000)
        answered = http_date(self._date)
        if answered is None:
            raise VendorTimeUnknown(
                "MyPreferences answered export.initiate without a usable Date header.",
                hint="Something on the way may take it out. Without the vendor's time no run can "
                "say which changes it has seen.",
            )
        return Begun(token, answered - timedelta(milliseconds=took))

    def status(self, token: str) -> ExportStatus:
        """How far the export is."""
        return self._vendor.weighed(lambda client: client.exports.status(token))

    def page(self, token: str, family: Family, *, offset: int, limit: int) -> ExportPage:
        """One page of records, which can be read again."""
        return self._vendor.weighed(
            lambda client: client.exports.retrieve(
                token, family, offset=offset, limit=limit, keep_alive=True
            )
        )

    def commit(self, token: str, *, keep_files: bool) -> None:
        """Say that everything was retrieved."""
        self._vendor.weighed(lambda client: client.exports.commit(token, keep_files=keep_files))

    def _note_date(self, response: requests.Response, *_: Any, **__: Any) -> None:
        """Each answer of the session passes here; the last one of a call is the one that counts."""
        self._date = response.headers.get("Date", "")


def _initiate(client: Client, export: Export, spec: ExportSpec) -> str:
    ask = client.exports.initiate_segment
    if export.family == "segment_group":
        ask = client.exports.initiate_segment_group
    try:
        return ask(export.source, spec)
    except NotFound as error:
        kind = export.family.replace("_", " ")
        raise SegmentUnknown(
            f"{error.message} The definition names the {kind} {export.source!r}.",
            hint=f"Write the name in {export.file} as MyPreferences shows it, and let the API user "
            "see it. If every export fails like this, check the client id and the base URL.",
        ) from None
