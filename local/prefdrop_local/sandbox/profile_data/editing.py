"""Changes profiles for one call: in one transaction, with the rules and merging of bulk import."""

from __future__ import annotations

import sqlite3
from typing import Any

from prefdrop_local.sandbox.account import Account
from prefdrop_local.sandbox.bulk_import.faults import Faults
from prefdrop_local.sandbox.calls import Call
from prefdrop_local.sandbox.model import ALTERNATE_ID, ALTERNATE_ID_TYPE, Item
from prefdrop_local.sandbox.problem import bad_request, conflict, not_found
from prefdrop_local.sandbox.profile_data.judging import Judge, has_alternate_id, refuse_if_faulty
from prefdrop_local.sandbox.profiles.history import keep_former
from prefdrop_local.sandbox.profiles.journal import How, Journal
from prefdrop_local.sandbox.profiles.merge import Merger, Writing
from prefdrop_local.sandbox.profiles.overwrite import Overwriting, drop_known_consents
from prefdrop_local.sandbox.profiles.repository import Key, Profiles, alternate_keys
from prefdrop_local.sandbox.profiles.rules import Rules


class Editing:
    """One call's changes inside its transaction."""

    def __init__(
        self, database: sqlite3.Connection, account: Account, call: Call, journal: Journal,
        moment: str,
    ) -> None:  # fmt: skip
        """`moment` is the date of everything that the call changes."""
        self.moment = moment
        self._account = account
        self._call = call
        self._database = database
        self._profiles = Profiles(database, journal)
        self._judge = Judge(account, call.caller.user)

    def profile(self, profile_id: str) -> Item:
        """The profile that a path names. Raises 404 if there is none."""
        number = profile_number(profile_id)
        profile = self._profiles.load(number) if number is not None else None
        if profile is None:
            raise not_found("The profile does not exist.")
        return profile

    def found(self, type_name: str, value: str) -> Item | None:
        """The profile with an alternate id.

        Raises 404 for a type that the account lacks, and 409 where a deactivated profile has the
        alternate id: only its profile id finds it, but the alternate id is not free either.
        """
        profile = held(self._profiles, self._account, type_name, value)
        if profile is not None and not profile["IsActive"]:
            raise conflict("The alternate id belongs to a deactivated profile.")
        return profile

    def judge(self, record: Item, profile: Item | None = None) -> None:
        """Check what was sent. Raises a `ProblemError`, also where it names another profile."""
        self._judge.check(record)
        sent = record.get("ProfileId")
        if profile is not None and sent is not None and sent != profile["ProfileId"]:
            raise bad_request("ProfileId cannot be changed.")

    def create(self, record: Item) -> int:
        """Make a profile of a judged record; its id."""
        merger = self._merger(frozenset())
        profile = merger.new_profile(self._profiles.next_id())
        self._profiles.keep_next_id(profile["ProfileId"] + 1)
        self._merge(profile, record, merger)
        self._save(profile, set(), "created", merger)
        return int(profile["ProfileId"])

    def update(self, profile: Item, record: Item) -> None:
        """Write what a judged record has into the profile."""
        before = alternate_keys(profile)
        merger = self._merger(frozenset())
        drop_known_consents(profile, record, merger)
        self._merge(profile, record, merger)
        self._save(profile, before, "updated", merger)

    def overwrite(self, profile: Item, record: Item, how: How = "replaced") -> None:
        """Make the profile what a judged record says; what it leaves out becomes blank."""
        before = alternate_keys(profile)
        user = self._call.caller.user
        overwriting = Overwriting(self._account, user, self._merger(frozenset()))
        merger = self._merger(overwriting.flags())
        overwriting.blank(profile, record)
        drop_known_consents(profile, record, merger)
        self._merge(profile, record, merger)
        self._save(profile, before, how, merger)

    def change(self, profile: Item, members: Item, how: How) -> None:
        """Set members that no record can, or what was changed in the profile already."""
        before = alternate_keys(profile)
        profile.update(members, LastModifiedDate=self.moment)
        self._save(profile, before, how, None)

    def delete(self, profile: Item, reason: str) -> None:
        """Remove the profile for good."""
        self._profiles.delete(profile)
        self._database.execute(
            "INSERT OR REPLACE INTO deletions VALUES (?, NULL, ?, ?, ?)",
            (profile["ProfileId"], reason or None, self._call.caller.user_id, self.moment),
        )
        self._call.entry.applied = True

    def _merger(self, flags: frozenset[str]) -> Merger:
        caller = self._call.caller
        writing = Writing(self.moment, caller.user_id, caller.user.source, flags)
        return Merger(self._account, writing)

    def _merge(self, profile: Item, record: Item, merger: Merger) -> None:
        faults = Faults()
        new_keys = alternate_keys(record) - alternate_keys(profile)
        rules = Rules(self._account, merger, allow_prior_consents=False)
        rules.check(profile, record, new_keys, self._profiles.holder, faults)
        refuse_if_faulty(record, faults)
        merger.merge(profile, record)

    def _save(self, profile: Item, before: set[Key], how: How, merger: Merger | None) -> None:
        after = alternate_keys(profile)
        self._profiles.save(profile, before, after, how)
        if merger:
            keep_former(self._database, merger.former)
        self._call.entry.applied = True


def held(profiles: Profiles, account: Account, type_name: str, value: str) -> Item | None:
    """The profile with an alternate id. Raises 404 for a type that the account lacks."""
    if type_name.lower() not in (name.lower() for name in account.alternate_id_types):
        raise not_found("The alternate id type does not exist.")
    number = profiles.holder((type_name.lower(), value.lower()))
    return profiles.load(number) if number is not None else None


def identified(record: Item, type_name: str, value: str) -> Item:
    """The record with the alternate id by which its profile is found."""
    if not has_alternate_id(record, type_name, value):
        identity: dict[str, Any] = {ALTERNATE_ID_TYPE: type_name, ALTERNATE_ID: value}
        record["AlternateIds"] = [*(record.get("AlternateIds") or ()), identity]
    return record


def profile_number(text: str) -> int | None:
    """A profile id as a number; None for what cannot be one."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None
