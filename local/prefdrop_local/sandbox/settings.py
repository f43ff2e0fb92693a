"""What can be switched while the sandbox runs: speeds, limits, and the readings of the contract.

The vendor's pages contradict each other in places and leave others open. Every such point has a
switch here, so a client can be tried against both readings.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from mypreferences_assumptions import OAUTH_TOKEN_SECONDS

Amount = Annotated[float, Meta(ge=0)]
Count = Annotated[int, Meta(ge=0)]
Size = Annotated[int, Meta(ge=1)]


class Settings(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """All switches with their defaults; each is also a command-line option."""

    queued_seconds: Amount = 1.0
    """How long an executed import waits before it is processed."""
    records_per_second: Count = 20_000
    """Highest processing speed; 0 means as fast as this machine can."""
    fail_execution: bool = False
    """Imports whose processing would start now end in `Failed`, with nothing applied."""

    token_hours: Annotated[float, Meta(gt=0)] = 12.0
    """When an access token dies (vendor prose: 6, description of `Expires`: 12)."""
    expires_hours: Annotated[float, Meta(gt=0)] | None = None
    """What `Expires` says where that differs from `token_hours`."""
    expires_zone: Literal["utc", "eastern"] = "utc"
    """`eastern` leaves the zone out of `Expires`, which then is US Eastern."""
    token_type: Literal["int", "string"] = "int"
    completed_word: Literal["Complete", "Completed"] = "Completed"

    daily_limit: Count = 200
    """Requests per rolling 24 hours (O-7: the vendor does not publish the number)."""
    daily_unit: Literal["import", "request"] = "import"
    """`import` counts initiates; `request` also counts stage and execute requests (O-7)."""
    retry_after: bool = True
    """Whether 429 says with `Retry-After` when the next slot frees (O-7)."""
    part_records: Size = 10_000_000
    """Most records of one import."""
    body_limit: Size = 25_000_000
    """Bytes of one stage request; more is answered with 413 (O-8)."""
    absolute_body_limit: Size = 28_000_000
    """`body_limit` cannot be raised above this."""
    oversize_answer: Literal["413", "404.13", "400"] = "413"
    """`404.13` is what the vendor's kind of web server says by itself: 404 with an HTML page."""
    type_faults: Literal["record", "request"] = "record"
    """Whether a member of the wrong JSON type fails its record, or the whole request with 400."""

    reason_code: Literal["taken", "ignored"] = "taken"
    """What becomes of a `ReasonCode` that an initiate request names (O-6)."""
    exception_numbers: Literal["token", "request"] = "token"
    """Whether `SequenceNumber` runs on over all stage requests of a token, or begins with each."""
    stage_while_running: Literal["taken", "refused"] = "taken"
    """Whether data can be staged for an import with MatchCriteria while another one is queued or
    processing. The vendor asks callers to wait, but does not say what happens if they do not."""
    stage_counters: Literal["cumulative", "request"] = "cumulative"
    """`request`: the answer to a stage request counts that request's records alone."""
    refresh_contacts: Literal["preserve", "archive"] = "preserve"
    """Whether contacts that a refresh drops keep their preferences unless a record says
    `PreservePreferences: false`, or never do."""

    consents_on_create: Literal["taken", "refused"] = "taken"
    """Whether a profile can be created with consents (vendor's pages: yes, older help: no)."""

    page_inclusive_quirk: bool = False
    """A page holds one record more than its limit, as the vendor's example counts."""
    page_total_quirk: bool = True
    """`TotalResults` of an exceptions page is capped at the limit, as documented."""
    exceptions_limit_max: Size = 3_200
    """Longest exceptions page (O-9); a higher `limit` is lowered to it."""

    export_seconds: Amount = 1.0
    """How long an export is processed at least, from its initiate request on."""
    export_snapshot: Literal["initiate", "complete"] = "initiate"
    """The moment as of which an export shows the profiles: when its initiate request is applied,
    or when `export_seconds` are over."""
    export_since: Literal["inclusive", "exclusive"] = "inclusive"
    """Whether a change right at the boundary that `LastDateTime` is rounded up to is exported."""
    export_records: Literal["stored", "completed"] = "stored"
    """Whether exported records have the members that profile data adds when it is read as well,
    such as `ExpirationDate` of consents; they then are not sent straight from the database."""
    fail_exports: bool = False
    """Exports that would become complete now end in `Error`."""
    export_token_hours: Annotated[float, Meta(gt=0)] = 12.0
    """When an export's access token dies (O-18)."""
    export_dead_status: Literal["state", "401"] = "state"
    """What the status of an export is answered with once its token is dead."""
    export_expires: bool = False
    """Whether the status of an export has `Expires`, as it had in the vendor's older API."""
    export_limit_max: Size = 3_200
    """Longest page of an export; a higher `limit` is lowered to it."""
    callback_attempts: Count = 4
    """How often an export's callback is sent until it is taken (O-18); 0 means never."""
    callback_retry_seconds: Amount = 2.0
    """Before the second attempt; the time doubles with each further one."""
    callback_copies: Size = 1
    """How many times the same callback is sent."""

    allow_http_loopback: bool = False
    """Whether webhooks and callbacks may go to this machine without TLS."""

    import_events: bool = True
    """Whether imports make events, as changes by other calls always do (O-17)."""
    events_limit: Size = 250_000
    """Most events of one answer, which then says `HasMore`; the vendor's pages name no limit and
    show no paging (O-15)."""
    handshake: Literal["event_grid", "cloud_events", "challenge", "none"] = "event_grid"
    """How a receiver shows that it wants notifications, before the first of them (O-16)."""
    delivery_shape: Literal["object", "array"] = "object"
    """Whether a notification's body is an event or an array of events (O-16)."""
    delivery_batch: Size = 1
    """Most events of an array."""
    delivery_workers: Size = 4
    """Notifications under way at once."""
    delivery_timeout_seconds: Annotated[float, Meta(gt=0)] = 10.0
    """How long a receiver may take to answer."""
    delivery_wait_scale: Amount = 1.0
    """Multiplies all waits before a notification or a handshake is tried again: 10 s, 30 s, 1 min
    and so on for 24 hours (O-16)."""
    delivery_header: str = ""
    """A header such as `X-Secret: abc` that all notifications carry; the sandbox's own idea."""
    delivery_signing_secret: str = ""
    """Where not empty, notifications are signed by the rules of Standard Webhooks, with this text
    or, after `whsec_`, with its base64. The sandbox's own idea: no vendor signature is known."""

    signature_minutes: Annotated[float, Meta(gt=0)] = 15.0
    """How long a PNAUTHINFO3 header is good for."""
    future_seconds: Amount = 60.0
    """How far a PNAUTHINFO3 timestamp may lie ahead (O-14)."""
    oauth_token_seconds: Size = OAUTH_TOKEN_SECONDS
    latency_ms: Count = 0
    """Added to every answer of the vendor's API."""

    def __post_init__(self) -> None:
        if self.body_limit > self.absolute_body_limit:
            raise ValueError("body_limit cannot be above absolute_body_limit")

    def patched(self, changes: dict[str, Any], *, strict: bool = True) -> Settings:
        """A copy with `changes`; texts are converted when not strict.

        Raises msgspec.ValidationError, which names the setting, for an unknown one or a bad value.
        """
        merged = {**msgspec.to_builtins(self), **changes}
        return msgspec.convert(merged, Settings, strict=strict)
