"""Whether the assumed names are those that the vendor uses in what it answers and is asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

import msgspec

from mypreferences_assumptions import EVENT_KINDS, NAMES
from prefdrop.mypreferences import configuration_models as models
from prefdrop.mypreferences.answers import Answer
from prefdrop.mypreferences.errors import MyPreferencesError
from prefdrop.mypreferences.resources import Resource
from prefdrop.mypreferences.subscriptions_models import Subscription
from prefdrop_cli.doctor.assumptions.verdicts import Confirmation, held, not_held, untold
from prefdrop_cli.doctor.probing import (
    NO_NUMBER,
    NOBODY,
    NOWHERE,
    Prober,
    alike,
    decoded_json,
    filled,
    first_text,
    items_of,
    members,
    text_of,
    unknown_beside,
)

CHANGE = "NAMES in mypreferences_assumptions.py"
EVENT_HOURS = (1, 24, 24 * 14)
"""How far back events are asked for, until there are some."""
EVENT_MEMBERS = frozenset(
    {
        "eventid", "eventtype", "subject", "entity", "subscriptionid", "name", "description",
        "profileid", "data", "previousdata",
    }
)  # fmt: skip
"""Members of events that the vendor documents."""


class _Shown(NamedTuple):
    """A member of the items that a route lists."""

    route: str
    kind: type[Resource]
    custom_field_kind: str = ""


LISTED = {
    "address_types.items": "address_types.list",
    "alternate_id_types.items": "alternate_id_types.list",
    "customer_types.items": "customer_types.list",
    "email_types.items": "email_types.list",
    "phone_types.items": "phone_types.list",
    "custom_fields.items": "custom_fields.list",
    "update_rules.items": "custom_fields.update_rules",
    "group_types.items": "group_types.list",
    "picklists.items": "picklists.list",
    "tags.items": "tags.list",
    "programs.items": "programs.list",
    "program_groups.items": "program_groups.list",
    "filters.items": "filters.list",
    "channels.items": "channels.list",
    "users.items": "users.list",
    "subscriptions.records": "subscriptions.list",
}
"""Collections, by the route that lists them."""

MEMBERS = {
    "configuration.type_name": _Shown("email_types.list", models.EmailType),
    "email_type.pattern": _Shown("email_types.list", models.EmailType),
    "phone_type.mobile": _Shown("phone_types.list", models.PhoneType),
    "configuration.name": _Shown("tags.list", models.TagDefinition),
    "configuration.custom_properties": _Shown("filters.list", models.Filter),
    "custom_field.kind": _Shown("custom_fields.list", models.CustomField, "text"),
    "custom_field.max_length": _Shown("custom_fields.list", models.CustomField, "text"),
    "custom_field.picklist": _Shown("custom_fields.list", models.CustomField, "selectlist"),
    "picklist.values": _Shown("picklists.list", models.Picklist),
    "program.type": _Shown("programs.list", models.Program),
    "subscription.alternate_id_type": _Shown("subscriptions.list", Subscription),
}
"""Members, by the items in which they are seen."""

FIELD_KINDS = ("text", "numeric", "datetime", "selectlist")


class NameQuestions:
    """Reads what there is and looks at the names in it; never at what people's data say."""

    def __init__(self, prober: Prober) -> None:
        self._prober = prober

    def answers(self) -> Iterator[Confirmation]:
        """One confirmation for each name that a read can show."""
        for name, route in LISTED.items():
            yield self._guarded(name, partial(self._collection, name, route))
        for name, shown in MEMBERS.items():
            yield self._guarded(name, partial(self._member, name, shown))
        yield self._guarded("group_names.items", self._group_names)
        yield self._guarded("picklist.value", self._picklist_value)
        for kind in FIELD_KINDS:
            yield self._guarded(f"custom_field_kind.{kind}", partial(self._field_kind, kind))
        yield self._guarded("program_type.dnc", self._do_not_contact)
        yield self._guarded("profiles.items", self._search)
        yield from self._queries()
        yield from self._events()

    def _guarded(self, name: str, ask: Callable[[], Confirmation]) -> Confirmation:
        try:
            return ask()
        except MyPreferencesError as error:
            return _untold(name, error.message)

    # --- what lists show ----------------------------------------------------------------------

    def _collection(self, name: str, route: str) -> Confirmation:
        return _judged_collection(name, self._list(route))

    def _group_names(self) -> Confirmation:
        name = "group_names.items"
        types = self._list("group_types.list")
        group_type = first_text(types, NAMES["group.type"].value)
        if not group_type:
            return _untold(name, "the account has no groups")
        path = self._prober.path_of("group_names.list")
        path = path.replace("{groupType}", quote(group_type, safe=""))
        return _judged_collection(name, self._prober.get(path))

    def _member(self, name: str, shown: _Shown) -> Confirmation:
        answer = self._list(shown.route, shown.custom_field_kind)
        documented = {field.encode_name.lower() for field in msgspec.structs.fields(shown.kind)}
        return _judged_member(name, items_of(answer), documented, answer.status)

    def _picklist_value(self) -> Confirmation:
        lists = items_of(self._list("picklists.list"))
        values = [v for one in lists for v in one.values() if isinstance(v, list)]
        entries = [entry for value in values for entry in value if isinstance(entry, dict)]
        # Texts in a language are entries as well, and have no value.
        entries = [entry for entry in entries if "locale" not in map(str.lower, entry)]
        documented = {f.encode_name.lower() for f in msgspec.structs.fields(models.PicklistValue)}
        return _judged_member("picklist.value", entries, documented, 200)

    def _field_kind(self, kind: str) -> Confirmation:
        name = f"custom_field_kind.{kind}"
        path = self._prober.path_of("custom_fields.list")
        return self._value(name, path, "{customFieldKind}")

    def _do_not_contact(self) -> Confirmation:
        path = self._prober.path_of("programs.of_type")
        return self._value("program_type.dnc", path, "{programTypeId}")

    def _value(self, name: str, path: str, placeholder: str) -> Confirmation:
        """A value in a path is known unless it is answered as a word that nobody knows."""
        value = NAMES[name].value
        known, wrong, unknown = (
            form.replace(placeholder, quote(word, safe=""))
            for form, word in ((path, value), (path, NOWHERE), (unknown_beside(path), value))
        )
        asked, other = self._prober.get(known), self._prober.get(wrong)
        if asked.status == 200 and other.status != 200:
            return _held(name)
        if alike(asked, known, self._prober.get(unknown), unknown):
            return _untold(name, "the route is not there")
        if alike(asked, known, other, wrong) and asked.status == 404:
            said = f"{value} is answered as a word that nobody knows"
            return not_held(_number(name), _fact(name), said, CHANGE)
        return _untold(name, f"it is answered {asked.status}, and nonsense {other.status}")

    def _search(self) -> Confirmation:
        """A search for somebody who is nowhere shows the empty collection."""
        path = self._prober.path_of("profiles.search_by_email")
        query = urlencode({NAMES["query.email_address"].value: NOBODY})
        return _judged_collection("profiles.items", self._prober.get(path, query=query))

    def _list(self, route: str, kind: str = "") -> Answer:
        path = self._prober.path_of(route)
        value = NAMES[f"custom_field_kind.{kind or 'text'}"].value
        return self._prober.get(path.replace("{customFieldKind}", quote(value, safe="")))

    # --- what queries are called --------------------------------------------------------------

    def _queries(self) -> Iterator[Confirmation]:
        """A name that is known changes the answer when its value is nonsense; another does not."""
        phone = self._prober.path_of("profiles.search_by_phone")
        number = NAMES["query.phone_number"].value
        email = self._prober.path_of("profiles.search_by_email")
        address = urlencode({NAMES["query.email_address"].value: NOBODY})
        yield self._query("query.phone_number", phone, "", f"{number}={quote(NO_NUMBER)}")
        email_type = f"&{NAMES['query.email_type'].value}={NOWHERE}"
        yield self._query(
            "query.phone_type", phone, f"{number}={quote(NO_NUMBER)}",
            f"{number}={quote(NO_NUMBER)}&{NAMES['query.phone_type'].value}={NOWHERE}",
            like=(email, address, address + email_type),
        )  # fmt: skip
        attributes = NAMES["query.attributes"].value
        pair = f"{attributes}[0].Key={NOWHERE}&{attributes}[0].Value={NOWHERE}"
        path = self._prober.path_of("profiles.search_by_preference_attributes")
        yield self._query("query.attributes", path, "", pair)
        flags = [NAMES[f"query.{name}"].value for name in ("include_inactive", "implied")]
        yield self._query(
            "query.include_inactive", email, address, f"{address}&{flags[0]}=perhaps",
            like=(email, address, f"{address}&{flags[1]}=perhaps"),
        )  # fmt: skip

    def _query(
        self, name: str, path: str, without: str, given: str,
        like: tuple[str, str, str] | None = None,
    ) -> Confirmation:  # fmt: skip
        """`like` is a confirmed name on its path: where it changes nothing, nothing is told."""
        return self._guarded(name, lambda: self._asked(name, path, without, given, like))

    def _asked(
        self, name: str, path: str, without: str, given: str, like: tuple[str, str, str] | None
    ) -> Confirmation:
        path = filled(path)
        plain = self._prober.get(path, query=without)
        if plain.status != (200 if without else 400):
            return _untold(name, f"the search is answered {plain.status}")
        if not _equal(plain, self._prober.get(path, query=given)):
            return _held(name)
        if like and _equal(*(self._prober.get(filled(like[0]), query=q) for q in like[1:])):
            return _untold(name, "the vendor does not say when a query's value is nonsense")
        return not_held(
            _number(name), _fact(name), f"the vendor does not know {NAMES[name].value}", CHANGE
        )

    # --- what events show ---------------------------------------------------------------------

    def _events(self) -> Iterator[Confirmation]:
        names = ["events.records", *(f"event.{one}" for one in _EVENT_MEMBERS)]
        try:
            answer = self._some_events()
        except MyPreferencesError as error:
            yield from (_untold(name, error.message) for name in names)
            return
        if answer.status != 200:
            yield from (_untold(name, f"events are answered {answer.status}") for name in names)
            return
        yield _judged_collection("events.records", answer)
        items = items_of(answer)
        documented = EVENT_MEMBERS | {NAMES[f"event.{one}"].value.lower() for one in _EVENT_MEMBERS}
        for one in _EVENT_MEMBERS:
            yield _judged_member(f"event.{one}", items, documented, 200)
        yield _kinds(items)

    def _some_events(self) -> Answer:
        """Events of the shortest time that has any; all may be none."""
        now = datetime.now(UTC)
        for hours in EVENT_HOURS:
            since = (now - timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ")
            query = urlencode({"startAt": since, "subscribedOnly": "false"})
            answer = self._prober.get(self._prober.path_of("events.of_account"), query=query)
            if answer.status != 200 or items_of(answer):
                break
        return answer


_EVENT_MEMBERS = ("occurred_at", "queued_at", "recorded_at", "recorded_by")


def _kinds(items: list[dict[str, Any]]) -> Confirmation:
    """Whether event types and their entities are those of the table."""
    fact, change = "event types and entities", "EVENT_KINDS in mypreferences_assumptions.py"
    seen = {(text_of(item, "EventType").lower(), text_of(item, "Entity")) for item in items}
    seen = {(kind.replace("assocation", "association"), entity) for kind, entity in seen if kind}
    other = sorted(
        f"{kind} of {entity}"
        for kind, entity in seen
        if kind not in EVENT_KINDS or EVENT_KINDS[kind].entity.lower() != entity.lower()
    )
    if other:
        return not_held("O-15", fact, f"there is {', '.join(other)}", change)
    if not any(kind in EVENT_KINDS and EVENT_KINDS[kind].number for kind, _ in seen):
        return untold("O-15", fact, "no event of an assumed type happened lately")
    return held("O-15", fact, f"{len(seen)} kinds of events were seen")


def _judged_collection(name: str, answer: Answer) -> Confirmation:
    if answer.status != 200:
        return _untold(name, f"the list is answered {answer.status}")
    decoded = decoded_json(answer)
    if isinstance(decoded, list):
        return held(_number(name), _fact(name), "the answer is the array itself")
    there = {k: v for k, v in decoded.items() if isinstance(v, list)} if decoded else {}
    wanted = NAMES[name].value
    if wanted.lower() in members(answer):
        return _held(name)
    if there:
        return not_held(_number(name), _fact(name), f"it is {' or '.join(there)}", CHANGE)
    return _untold(name, "the answer has no collection")


def _judged_member(
    name: str, items: list[dict[str, Any]], documented: set[str] | frozenset[str], status: int
) -> Confirmation:
    """A member that no item has is called otherwise, if there is one that nobody knows."""
    if status != 200 or not items:
        return _untold(name, "there is nothing that would show it" if status == 200 else
                       f"the list is answered {status}")  # fmt: skip
    seen = {member for item in items for member in item}
    wanted = NAMES[name].value.lower()
    if wanted in {member.lower() for member in seen}:
        return _held(name)
    strange = sorted(m for m in seen if m.lower() not in documented | _EVERYWHERE)
    if strange:
        return not_held(
            _number(name), _fact(name), f"it may be one of {', '.join(strange)}", CHANGE
        )
    return _untold(name, "nothing that was read has it")


_EVERYWHERE = frozenset(
    {
        "id", "isactive", "edited", "localizedfields", "texttags", "channels", "consenttype",
        "updaterule",
    }
)  # fmt: skip
"""Members that are confirmed, or of no concern."""


def _equal(one: Answer, other: Answer) -> bool:
    return (one.status, one.body) == (other.status, other.body)


def _number(name: str) -> str:
    return str(NAMES[name].number)


def _fact(name: str) -> str:
    return f"name {name} ({NAMES[name].value})"


def _held(name: str) -> Confirmation:
    return held(_number(name), _fact(name))


def _untold(name: str, why: str) -> Confirmation:
    return untold(_number(name), _fact(name), why)
