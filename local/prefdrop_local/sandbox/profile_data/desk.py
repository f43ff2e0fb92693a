"""What all calls of the Data API need: a transaction to write in, and a reader to show profiles."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from prefdrop_local.sandbox.account import Account
from prefdrop_local.sandbox.calls import Call, require_json
from prefdrop_local.sandbox.clock import Clock, iso
from prefdrop_local.sandbox.model import Item
from prefdrop_local.sandbox.problem import bad_request, forbidden, not_found
from prefdrop_local.sandbox.profile_data.editing import Editing, held, profile_number
from prefdrop_local.sandbox.profile_data.read_model import Reader
from prefdrop_local.sandbox.profiles.history import Former, former_states
from prefdrop_local.sandbox.profiles.journal import Journals
from prefdrop_local.sandbox.profiles.repository import Profiles
from prefdrop_local.sandbox.reading import read_object
from prefdrop_local.sandbox.settings import Settings
from prefdrop_local.sandbox.store import Store

_PATIENCE = 1.0


class Desk:
    """Serves one call after the other."""

    def __init__(
        self, store: Store, account: Account, clock: Clock, journals: Journals,
        settings: Callable[[], Settings], settle: Callable[[float], None],
    ) -> None:  # fmt: skip
        """`settle` finishes, within some seconds, what imports should have changed by now."""
        self.store = store
        self.account = account
        self.settings = settings
        self._clock = clock
        self._journals = journals
        self._settle = settle

    @contextmanager
    def editing(self, call: Call) -> Iterator[Editing]:
        """Changes for one call, all or none. Raises 403 for a user who may write nothing."""
        user = call.caller.user
        if not (user.profiles or user.preferences):
            raise forbidden("The user may not write profiles.")
        self._settle(_PATIENCE)
        journal = self._journals.of_user(call.caller.user_id, user.source)
        moment = iso(self._clock.now())
        with self.store.transaction() as database:
            yield Editing(database, self.account, call, journal, moment)

    def reader(self, call: Call) -> Reader:
        """Shows profiles as the caller may see them. Raises 403 for one who may not at all."""
        if not call.caller.user.search:
            raise forbidden("The user may not look profiles up.")
        self._settle(_PATIENCE)
        return Reader(self.account, call.caller.user, self._clock.now())

    def profile(self, profile_id: str) -> Item:
        """The profile that a path names. Raises 404 if there is none."""
        number = profile_number(profile_id)
        with self.store.transaction() as database:
            profile = Profiles(database).load(number) if number is not None else None
        return _existing(profile)

    def profile_with(self, type_name: str, value: str) -> Item:
        """The active profile with an alternate id. Raises 404 if there is none, or no such type."""
        with self.store.transaction() as database:
            profile = held(Profiles(database), self.account, type_name, value)
        return _existing(profile if profile and profile["IsActive"] else None)

    def former(self, profile: Item) -> list[Former]:
        """What the profile's preferences and consents were."""
        with self.store.transaction() as database:
            return former_states(database, profile["ProfileId"])


def body_of(call: Call) -> dict[str, Any]:
    """The JSON object that a call sends. Raises 415 or 400 for anything else."""
    require_json(call.request)
    return read_object(call.request.body)


def text_of(members: dict[str, Any], name: str, longest: int) -> str:
    """A member that is a text, empty where it is missing. Raises 400 for anything else."""
    value = {key.lower(): value for key, value in members.items()}.get(name.lower()) or ""
    if not isinstance(value, str) or len(value) > longest:
        raise bad_request(f"{name} must be a text of at most {longest} characters.")
    return value


def _existing(profile: Item | None) -> Item:
    if profile is None:
        raise not_found("The profile does not exist.")
    return profile
