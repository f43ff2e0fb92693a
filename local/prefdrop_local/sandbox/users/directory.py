"""The account's users in the database, and in force in the account."""

from __future__ import annotations

import hashlib
import sqlite3
import threading

import msgspec
from msgspec.structs import replace

from prefdrop_local.sandbox.account import Account, User
from prefdrop_local.sandbox.problem import ProblemError, bad_request, not_found
from prefdrop_local.sandbox.store import Store
from prefdrop_local.sandbox.users.details import UserDetails, details_of, permitted, source_of


class Directory:
    """Every user. Safe to be used from many threads."""

    def __init__(self, store: Store, account: Account) -> None:
        self._store = store
        self._account = account
        self._first = dict(account.users)
        self._showing = threading.Lock()
        self.load()

    def load(self) -> None:
        """Take over what the database has, or begin with the users of the account file."""
        digest = hashlib.sha256(msgspec.json.encode(self._first)).digest()
        known = self._store.rows("SELECT digest FROM users_seed")
        if [bytes(row[0]) for row in known] != [digest]:
            self._seed(digest)
        self._show()

    def all(self) -> list[UserDetails]:
        """Every user in order of their ids."""
        rows = self._store.rows("SELECT details FROM users ORDER BY number")
        return [msgspec.json.decode(row[0], type=UserDetails) for row in rows]

    def create(self, details: UserDetails) -> int:
        """The id of a new user, or of an inactive one of that name, who is active again.

        Raises 409 for the name of an active user and 404 for an unknown group.
        """
        details.user_id = 0
        user = self._permitted(details, User())
        with self._store.transaction() as database:
            for known in self.all():
                if known.user_name.lower() == details.user_name.lower():
                    if known.is_active:
                        raise ProblemError(409, "A user of this UserName exists already.")
                    details.user_id, details.user_name = known.user_id, known.user_name
                    user = self._permitted(details, self._account.users[known.user_name])
            if not details.user_id:
                [(last,)] = database.execute("SELECT coalesce(max(number), 0) FROM users")
                details.user_id = last + 1
            details.is_active = True
            _write(database, details, replace(user, active=True))
        self._show()
        return details.user_id

    def update(self, number: int, details: UserDetails) -> None:
        """Write a user over. Raises 404 for an unknown one and 400 for another `UserName`.

        `IsActive` stays where it is left out: nobody shall be let in again by a change of a name.
        """
        with self._store.transaction() as database:
            known = next((one for one in self.all() if one.user_id == number), None)
            if known is None:
                raise not_found("The user does not exist.")
            if details.user_name.lower() != known.user_name.lower():
                raise bad_request("UserName cannot be changed.")
            details.user_id, details.user_name = known.user_id, known.user_name
            details.is_sso = known.is_sso
            if details.is_active is None:
                details.is_active = known.is_active
            user = self._account.users[known.user_name]
            if details.user_groups != known.user_groups:
                user = self._permitted(details, user)
            else:
                user = replace(user, source=source_of(self._account, details.source_group_id))
            _write(database, details, replace(user, active=bool(details.is_active)))
        self._show()

    def set_secrets(self, name: str, secrets: dict[str, str]) -> None:
        """Give a user the secrets with which to authenticate. Raises 404 for an unknown one."""
        found = next((one for one in self.all() if one.user_name.lower() == name.lower()), None)
        if found is None:
            raise not_found("The user does not exist.")
        user = replace(self._account.users[found.user_name], **secrets)
        with self._store.transaction() as database:
            _write(database, found, user)
        self._show()

    def _permitted(self, details: UserDetails, user: User) -> User:
        source = source_of(self._account, details.source_group_id)
        allowed = permitted(self._account, details.user_groups)
        return replace(user, groups=tuple(details.user_groups), source=source, **allowed)

    def _seed(self, digest: bytes) -> None:
        with self._store.transaction() as database:
            database.execute("DELETE FROM users")
            database.execute("DELETE FROM users_seed")
            database.execute("INSERT INTO users_seed VALUES (?)", (digest,))
            for number, (name, user) in enumerate(self._first.items(), 1):
                _write(database, details_of(self._account, number, name, user), user)

    def _show(self) -> None:
        """Let everybody see whom the database has now."""
        # Or who read first could show last, and hide what another call has written since.
        with self._showing:
            rows = self._store.rows("SELECT details, user FROM users ORDER BY number")
            self._account.users = dict(_read(*row) for row in rows)


def _read(details: bytes, user: bytes) -> tuple[str, User]:
    name = msgspec.json.decode(details, type=UserDetails).user_name
    return name, msgspec.json.decode(user, type=User)


def _write(database: sqlite3.Connection, details: UserDetails, user: User) -> None:
    database.execute(
        "INSERT OR REPLACE INTO users VALUES (?, ?, ?)",
        (details.user_id, msgspec.json.encode(details), msgspec.json.encode(user)),
    )
