"""A caller that talks to a running sandbox with nothing but `requests`."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import Any

import requests

from prefdrop_local.sandbox.process import SandboxProcess
from tests.workbench import PATIENCE

Json = dict[str, Any]


class Vendor:
    """Calls the sandbox as one of its users."""

    def __init__(self, process: SandboxProcess, user_id: str = "", secret: str = "") -> None:
        self.process = process
        self.credentials = process.credentials
        self.client_id = process.credentials["client_id"]
        self.user_id = user_id or process.credentials["user_id"]
        self._secret = secret or process.credentials["secret"]
        self._session = requests.Session()

    def as_user(self, user_id: str, secret: str) -> Vendor:
        """The same sandbox, called by another user."""
        return Vendor(self.process, user_id, secret)

    def header(self, issued: str | None = None, hash_name: str = "SHA256", **changes: str) -> str:
        """A PNAUTHINFO3 header, made here and not with the sandbox's code."""
        issued = issued or datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        user_id = changes.get("user_id", self.user_id)
        message = f"{changes.get('client_id', self.client_id)}:{user_id}:{issued}".encode()
        key = changes.get("secret", self._secret).encode()
        digest = hmac.new(key, message, getattr(hashlib, hash_name.lower())).digest()
        scheme = changes.get("scheme", f"PNAUTHINFO3-HMAC-{hash_name}")
        signature = base64.b64encode(digest).decode()
        return f"{scheme} Credential={user_id}/{issued} Signature={signature}"

    def call(self, method: str, path: str, **options: Any) -> requests.Response:
        """One request below the API base, signed unless it brings its own header."""
        headers = {"Content-Type": "application/json", **options.pop("headers", {})}
        headers.setdefault("Authorization", self.header())
        url = self.process.url + path
        return self._session.request(method, url, headers=headers, timeout=PATIENCE, **options)

    def imports(self, method: str, rest: str = "", **options: Any) -> requests.Response:
        """One request below the account's imports, for example `704418/Status`."""
        return self.call(method, f"Async/{self.client_id}/Import{rest}", **options)

    def initiate(self, **members: Any) -> str:
        """A new import's access token; matches on CrmContactId unless told otherwise."""
        matching = {"MatchCriteria": "AlternateIdType", "MatchValue": "CrmContactId"}
        body = {"Name": "nightly", **matching, **members}
        answer = self.imports(
            "POST", json={name: value for name, value in body.items() if value is not None}
        )
        assert answer.status_code == 200, answer.text
        return str(answer.json()["AccessToken"])

    def stage(self, token: str, *records: Any) -> Json:
        """Stage records and give back the status object."""
        answer = self.send(token, records)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def send(self, token: str, records: Any, **options: Any) -> requests.Response:
        """Stage records and give back the whole answer."""
        body = json.dumps({"UserProfilePreferences": records})
        return self.imports("POST", f"/{token}/Stage", data=body, **options)

    def execute(self, token: str) -> Json:
        """Execute and give back the status object."""
        answer = self.imports("POST", f"/{token}/Execute")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def status(self, token: str) -> Json:
        """The status object."""
        answer = self.imports("GET", f"/{token}/Status")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def exceptions(self, token: str, **query: Any) -> Json:
        """One page of failed records."""
        answer = self.imports("GET", f"/{token}/Exceptions", params=query)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def reasons(self, token: str) -> list[list[str]]:
        """For each failed record, the places and codes of its reasons."""
        return [places(record) for record in self.exceptions(token)["UserProfilePreferences"]]

    def run(self, *records: Any, **members: Any) -> Json:
        """Import the records whole; the final status object, with the token as text."""
        token = self.initiate(**members)
        self.stage(token, *records)
        self.execute(token)
        return {**self.status(token), "token": token}

    def run_as_failed(self, *records: Any, **members: Any) -> list[list[str]]:
        """Import the records whole; what `reasons` says about them."""
        return self.reasons(self.run(*records, **members)["token"])

    def admin(self, method: str, path: str, **options: Any) -> Json:
        """One request to the sandbox itself."""
        url = self.process.admin_url + path
        answer = self._session.request(method, url, timeout=PATIENCE, **options)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def profiles(self) -> list[Json]:
        """All profiles in order of their ids."""
        return list(self.admin("GET", "profiles")["profiles"])

    def profile(self) -> Json:
        """The only profile."""
        [profile] = self.profiles()
        return dict(profile)

    def switch(self, **settings: Any) -> Json:
        """Change settings."""
        return self.admin("PATCH", "settings", json=settings)

    def stop_clock(self) -> None:
        """Let time stand still until it is advanced."""
        self.admin("POST", "clock", json={"stopped": True})

    def advance(self, *, seconds: float = 0, hours: float = 0) -> None:
        """Move the sandbox's clock forward."""
        self.admin("POST", "clock", json={"advance": seconds + hours * 3600})

    def books(self) -> Json:
        """Every request and the totals of every token."""
        return self.admin("GET", "books")

    def reset(self) -> None:
        """Forget everything."""
        self.admin("POST", "reset")


def places(item: Any, path: str = "") -> list[str]:
    """Where in a failed record `Exceptions` are, each as `path: code`."""
    found = [f"{path}: {reason['Code']}" for reason in item.get("Exceptions", [])]
    for name, value in item.items():
        if isinstance(value, list) and name != "Exceptions":
            for index, child in enumerate(value):
                if isinstance(child, dict):
                    found += places(child, f"{path}.{name}[{index}]".lstrip("."))
        elif isinstance(value, dict):
            found += places(value, f"{path}.{name}".lstrip("."))
    return found
