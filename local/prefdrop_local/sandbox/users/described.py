"""User management's operations, described."""

from __future__ import annotations

from mypreferences_assumptions import NAMES
from prefdrop_local.sandbox.openapi.description import Described, listing
from prefdrop_local.sandbox.users.details import Submitted, UserDetails

_WRITES = (400, 403, 409, 415)

DESCRIBED: dict[str, Described] = {
    "users.list": Described(
        "Every user, inactive ones too.",
        {200: listing(NAMES["users.items"].value, UserDetails)},
        (403,),
        structs=(UserDetails,),
    ),
    "users.create": Described(
        "A new user, or an inactive one who is active again.", {201: Submitted}, _WRITES,
        body=UserDetails,
    ),
    "users.update": Described(
        "Writes a user over: what is omitted is blank, but for IsActive, which stays.",
        {200: Submitted}, _WRITES,
        body=UserDetails,
    ),
}  # fmt: skip
