"""Bulk import's operations, described."""

from __future__ import annotations

from mypreferences_assumptions import NAMES
from prefdrop_local.sandbox.openapi.description import (
    ANYTHING,
    FLAG,
    NUMBER,
    TEXT,
    Described,
    Parameter,
    array,
    mapping,
    nullable,
    one_of,
    ref,
    text,
    whole,
)

_TOKEN = {"type": ["integer", "string"]}
_REFRESH = (
    "RefreshAlternateIds", "RefreshContacts", "RefreshCustomFields", "RefreshGroups",
    "RefreshTags", "AllowPriorConsents",
)  # fmt: skip
_SPEC = mapping(
    {
        "Name": text(100, 1),
        "DataStageDuration": {"type": "integer", "minimum": 0, "maximum": 10},
        "ImportAction": one_of("Add", "Delete"),
        "MatchCriteria": one_of("AlternateIdType"),
        "MatchValue": text(100, 1),
        **dict.fromkeys(_REFRESH, FLAG),
        "ReasonCode": text(256),
    },
    ("Name",),
)
_INITIATED = {
    "AccessToken": _TOKEN,
    "Status": one_of(
        "Initiated", "Staging", "Queued", "Processing", "Complete", "Completed", "Failed"
    ),
    "Expires": TEXT,
    "Name": TEXT,
    "DataStageDuration": NUMBER,
    "ImportAction": TEXT,
}
_COUNTERS = dict.fromkeys(
    ("TotalRecordsReceived", "ValidationSuccessful", "ValidationFailed", "Processed", "Pending",
     "Exceptions", "NotHonored"), NUMBER,
)  # fmt: skip
_STATUS = whole({**_COUNTERS, **_INITIATED})
_FAILED = mapping({"SequenceNumber": NUMBER, "Edited": nullable(ANYTHING)}, ("SequenceNumber",))
_PAGE = {
    "Count": NUMBER, "HasMore": FLAG, "Limit": NUMBER, "Offset": NUMBER, "TotalResults": NUMBER,
}  # fmt: skip
_PAGING = (
    Parameter("limit", {**NUMBER, "minimum": 1, "maximum": 2**31 - 1}),
    Parameter("offset", {**NUMBER, "minimum": 1, "maximum": 2**31 - 1}),
)

DESCRIBED: dict[str, Described] = {
    "import.initiate": Described(
        "Defines an import and gives out its access token.", {200: whole(_INITIATED)},
        (400, 403, 415, 429), body=_SPEC,
    ),
    "import.stage": Described(
        "Takes records.", {200: _STATUS}, (400, 403, 413, 415, 429),
        body=whole({NAMES["stage.records"].value: array(ref("Record"))}),
    ),
    "import.execute": Described("Puts the import into the queue.", {200: _STATUS}, (400, 403, 429)),
    "import.status": Described("How far the import is.", {200: _STATUS}, (403,)),
    "import.exceptions": Described(
        "A page of the records that failed.",
        {200: whole({**_PAGE, NAMES["exceptions.records"].value: array(_FAILED)})}, (400, 403),
        _PAGING,
    ),
}  # fmt: skip
