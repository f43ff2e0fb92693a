"""A caller of the sandbox's bulk export."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import requests

from tests.integration.sandbox.caller import Json, Vendor

ALL = "AllProfiles"


class Exporter:
    """Exports as one of the sandbox's users."""

    def __init__(self, vendor: Vendor) -> None:
        self.vendor = vendor

    def as_user(self, name: str, number: int) -> Exporter:
        """The same sandbox, called by another of the demo account's users."""
        return Exporter(self.vendor.as_user(f"demo.{name}", f"sandbox-shared-secret-{number:04}"))

    def call(self, method: str, rest: str, **options: Any) -> requests.Response:
        """One request below the account's exports."""
        return self.vendor.call(method, f"Async/{self.vendor.client_id}/Export/{rest}", **options)

    def try_initiate(
        self, name: str = ALL, family: str = "Segment", **members: Any
    ) -> requests.Response:
        """The whole answer to an initiate request."""
        return self.call("POST", f"{family}/{quote(name, safe='')}", json=members)

    def initiate(self, name: str = ALL, family: str = "Segment", **members: Any) -> str:
        """A new export's access token."""
        answer = self.try_initiate(name, family, **members)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["AccessToken"])

    def status(self, token: str) -> Json:
        """The status object."""
        answer = self.call("GET", f"{token}/Status")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def state(self, token: str) -> str:
        """The status alone."""
        return str(self.status(token)["Status"])

    def try_page(self, token: str, family: str = "Segment", **query: Any) -> requests.Response:
        """The whole answer to a retrieve request."""
        return self.call("GET", f"{family}/{token}", params=query)

    def page(self, token: str, family: str = "Segment", **query: Any) -> Json:
        """A page of records."""
        answer = self.try_page(token, family, **query)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def commit(self, token: str, **query: Any) -> requests.Response:
        """The whole answer to a commit request."""
        return self.call("POST", f"Commit/{token}", params=query)

    def records(self, token: str, family: str = "Segment") -> list[Json]:
        """All records of a complete export of few."""
        while self.state(token) == "Processing":
            continue
        return list(self.page(token, family)["UserProfilePreferences"])

    def export(self, name: str = ALL, family: str = "Segment", **members: Any) -> list[Json]:
        """Initiate, wait and retrieve."""
        return self.records(self.initiate(name, family, **members), family)

    def ids(self, name: str = ALL, family: str = "Segment", **members: Any) -> list[int]:
        """The profile ids of an export."""
        return [record["ProfileId"] for record in self.export(name, family, **members)]

    def define(self, name: str, *rows: Json, **members: Any) -> None:
        """Define a segment of these rows."""
        self.admin("PUT", f"segments/{quote(name, safe='')}", json={"rows": rows, **members})

    def define_group(self, name: str, first: str, *then: tuple[str, str]) -> None:
        """Define a group: a segment, and steps of an operator and a segment."""
        steps = [{"operator": operator, "segment": segment} for operator, segment in then]
        path = f"segment_groups/{quote(name, safe='')}"
        self.admin("PUT", path, json={"first": first, "then": steps})

    def seed(self, count: int) -> list[int]:
        """Add invented profiles; their ids."""
        added = self.admin("POST", "seed", json={"profiles": count})
        return list(range(added["first"], added["last"] + 1))

    def changes(self) -> dict[int, int]:
        """Profile id and the moment of its last change, in milliseconds since 1970."""
        found = self.admin("GET", "changes")["changes"]
        return {item["profile_id"]: item["changed_at"] for item in found}

    def described(self, token: str) -> Json:
        """What the sandbox knows of an export."""
        exports = self.admin("GET", "exports")["exports"]
        return dict(next(item for item in exports if item["token"] == token))

    def admin(self, method: str, path: str, **options: Any) -> Json:
        """One request to the sandbox itself."""
        return self.vendor.admin(method, path, **options)


def having(place: str, **members: Any) -> Json:
    """A row: an item of `place` with these values."""
    where = [{"member": name, "is": [value]} for name, value in members.items()]
    return {"within": place, "where": where}
