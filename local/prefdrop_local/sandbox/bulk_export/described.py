"""Bulk export's operations, described."""

from __future__ import annotations

from prefdrop_local.sandbox.openapi.description import (
    FLAG,
    NUMBER,
    TEXT,
    Described,
    Parameter,
    array,
    mapping,
    nullable,
    one_of,
    whole,
)

_TOKEN = {"type": ["integer", "string"]}
_SPEC = mapping(
    {
        "LastDateTime": nullable(TEXT),
        "MatchCriteria": nullable(
            one_of("ProfileId", "AlternateId", "PhoneNumber", "EmailAddress")
        ),
        "MatchType": nullable(TEXT),
        "Values": nullable(array({"type": ["string", "integer"]})),
        "CallbackURL": nullable(TEXT),
    }
)
_INITIATED = whole({"AccessToken": _TOKEN})
_STATUS = whole(
    {
        "AccessToken": _TOKEN,
        "Status": one_of("Processing", "Complete", "Retrieved", "Expired", "Error", "Failed"),
        "RowCount": nullable(NUMBER),
        "ByteCount": nullable(NUMBER),
    }
)
_PAGE = whole(
    {
        "Count": NUMBER,
        "HasMore": FLAG,
        "Limit": NUMBER,
        "Offset": NUMBER,
        "TotalResults": NUMBER,
        "UserProfilePreferences": array(mapping({"ProfileId": NUMBER}, ("ProfileId",))),
    }
)
_PAGING = (
    Parameter("limit", {**NUMBER, "minimum": 1, "maximum": 2**31 - 1}),
    Parameter("offset", {**NUMBER, "minimum": 1, "maximum": 2**31 - 1}),
    Parameter("keepAlive", FLAG),
)


def _family(name: str, what: str) -> dict[str, Described]:
    return {
        f"export.{name}.initiate": Described(
            f"Starts an export of a {what}.", {200: _INITIATED}, (400, 403, 415), body=_SPEC,
            needs_body=False,
        ),
        f"export.{name}.retrieve": Described(
            f"A page of an exported {what}.", {200: _PAGE}, (400, 403), _PAGING
        ),
    }  # fmt: skip


DESCRIBED: dict[str, Described] = {
    **_family("segment", "segment"),
    **_family("segment_group", "segment group"),
    "export.status": Described("How far the export is.", {200: _STATUS}, (403,)),
    "export.commit": Described(
        "Ends an export that was kept alive.", {200: None}, (400, 403),
        (Parameter("keepFiles", FLAG, required=True),),
    ),
}  # fmt: skip
