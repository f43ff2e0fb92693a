"""Whether the assumed names are those that the vendor uses in what it answers and is asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple
from urllib.parse import quote, urlencode

import msgspec

from mypreferences_assumptions import NAMES
from prefdrop.mypreferences import configuration_models as models
from prefdrop.mypreferences.answers import Answer
from prefdrop.mypreferences.errors import MyPreferencesError
from prefdrop.mypreferences.resources import Resource
from prefdrop.mypreferences.subscriptions_models import Subscription
from prefdrop_cli.doctor.assumptions.judging import (
    held_name,
    judged_collection,
    judged_member,
    untold_name,
    wrong_name,
)
from prefdrop_cli.doctor.assumptions.verdicts import Confirmation
from prefdrop_cli.doctor.probing import (
    NO_NUMBER,
    NOBODY,
    NOWHERE,
    Prober,
    alike,
    filled,
    first_text,
    items_of,
    unknown_beside,
)


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

    def _guarded(self, name: str, ask: Callable[[], Confirmation]) -> Confirmation:
        try:
            return ask()
        except MyPreferencesError as error:
            return untold_name(name, error.message)

    # --- what lists show ----------------------------------------------------------------------

    def _collection(self, name: str, route: str) -> Confirmation:
        return judged_collection(name, self._list(route))

    def _group_names(self) -> Confirmation:
        name = "group_names.items"
        types = self._list("group_types.list")
        group_type = first_text(types, NAMES["group.type"].value)
        if not group_type:
            return untold_name(name, "the account has no groups")
        path = self._prober.path_of("group_names.list")
        path = path.replace("{groupType}", quote(group_type, safe=""))
        return judged_collection(name, self._prober.get(path))

    def _member(self, name: str, shown: _Shown) -> Confirmation:
        answer = self._list(shown.route, shown.custom_field_kind)
        documented = {field.encode_name.lower() for field in msgspec.structs.fields(shown.kind)}
        return judged_member(name, items_of(answer), documented, answer.status)

    def _picklist_value(self) -> Confirmation:
        lists = items_of(self._list("picklists.list"))
        values = [v for one in lists for v in one.values() if isinstance(v, list)]
        entries = [entry for value in values for entry in value if isinstance(entry, dict)]
        # Texts in a language are entries as well, and have no value.
        entries = [entry for entry in entries if "locale" not in map(str.lower, entry)]
        documented = {f.encode_name.lower() for f in msgspec.structs.fields(models.PicklistValue)}
        return judged_member("picklist.value", entries, documented, 200)

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
            return held_name(name)
        if alike(asked, known, self._prober.get(unknown), unknown):
            return untold_name(name, "the route is not there")
        if alike(asked, known, other, wrong) and asked.status == 404:
            said = f"{value} is answered as a word that nobody knows"
            return wrong_name(name, said)
        return untold_name(name, f"it is answered {asked.status}, and nonsense {other.status}")

    def _search(self) -> Confirmation:
        """A search for somebody who is nowhere shows the empty collection."""
        path = self._prober.path_of("profiles.search_by_email")
        query = urlencode({NAMES["query.email_address"].value: NOBODY})
        return judged_collection("profiles.items", self._prober.get(path, query=query))

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
            return untold_name(name, f"the search is answered {plain.status}")
        if not _equal(plain, self._prober.get(path, query=given)):
            return held_name(name)
        if like and _equal(*(self._prober.get(filled(like[0]), query=q) for q in like[1:])):
            return untold_name(name, "the vendor does not say when a query's value is nonsense")
        return wrong_name(name, f"the vendor does not know {NAMES[name].value}")


def _equal(one: Answer, other: Answer) -> bool:
    return (one.status, one.body) == (other.status, other.body)
