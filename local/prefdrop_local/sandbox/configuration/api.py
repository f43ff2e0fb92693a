"""The operations of the configuration API, each from an authenticated call to its answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from urllib.parse import quote

from msgspec import Struct
from msgspec.structs import replace

from mypreferences_assumptions import NAMES, ROUTES
from prefdrop_local.sandbox.account import Account
from prefdrop_local.sandbox.calls import Call, Operation, created, no_content, require_json
from prefdrop_local.sandbox.clock import Clock, iso
from prefdrop_local.sandbox.configuration import items as kinds
from prefdrop_local.sandbox.configuration.catalog import Catalog, by_key
from prefdrop_local.sandbox.configuration.custom_fields import CustomFields
from prefdrop_local.sandbox.configuration.finishing import finishers
from prefdrop_local.sandbox.configuration.items import TYPES
from prefdrop_local.sandbox.configuration.localizing import in_locale
from prefdrop_local.sandbox.configuration.tags import delete_tag, known_tags
from prefdrop_local.sandbox.configuration.trees import groups_with, pruned, with_filters
from prefdrop_local.sandbox.configuration.writing import Writer
from prefdrop_local.sandbox.messages import Response
from prefdrop_local.sandbox.problem import forbidden, not_found
from prefdrop_local.sandbox.profiles.journal import Journals
from prefdrop_local.sandbox.queries import Query
from prefdrop_local.sandbox.routing import API_BASE
from prefdrop_local.sandbox.store import Store

_ID = NAMES["query.id"].value
_LOCALE = NAMES["query.locale"].value
_DNC = NAMES["program_type.dnc"].value
_PROGRAM_TYPES = {
    name.lower(): name for name in ("Transactional", "Marketing", "Informational", "Consent", _DNC)
} | {"do not contact": _DNC}
_READ = ("picklists", "group_types", "filters", "channels")
_WRITTEN = (
    "address_types", "alternate_id_types", "customer_types", "email_types", "phone_types",
    "consent_types",
)  # fmt: skip
_Some = TypeVar("_Some", bound=Struct)


def root_of(kind: str) -> str:
    """The collection in which the items of a kind are sent and answered."""
    return NAMES[f"{kind}.items"].value


class Configuration:
    """The Experience API of one account."""

    def __init__(
        self, store: Store, account: Account, clock: Clock, catalog: Catalog, journals: Journals
    ) -> None:
        self._store = store
        self._clock = clock
        self._catalog = catalog
        self._journals = journals
        self._fields = CustomFields(catalog)
        self._writers: dict[str, Writer[Any]] = {
            kind: Writer(
                catalog, kind, TYPES[kind], root_of(kind), finish,
                needs_active=kind != "consent_types",
            )
            for kind, finish in finishers(account).items()
        }  # fmt: skip

    def operations(self) -> dict[str, Operation]:
        """What is served, by route name."""
        served: dict[str, Operation] = {
            f"{kind}.list": self._lister(kind) for kind in (*_READ, *_WRITTEN)
        }
        for kind in _WRITTEN:
            served[f"{kind}.create"] = self._creator(kind, self._writers[kind])
            served[f"{kind}.update"] = self._updater(kind, self._writers[kind])
        return served | {
            "custom_fields.list": self.custom_fields,
            "custom_fields.create": self.create_custom_fields,
            "custom_fields.update": self.update_custom_fields,
            "custom_fields.update_rules": lambda _call: {
                root_of("update_rules"): kinds.UPDATE_RULES
            },
            "group_names.list": self.group_names,
            "tags.list": lambda call: _answer(call, "tags", known_tags(self._store, self._catalog)),
            "tags.delete": self.delete_tag,
            "programs.list": self.programs,
            "programs.of_type": self.programs_of_type,
            "program_groups.list": self.program_groups,
            "program_groups.include_all": self.whole_program_groups,
            "consent_status.list": lambda _call: {root_of("consent_status"): kinds.STATUSES},
        }

    def custom_fields(self, call: Call) -> Any:
        """The custom fields of one kind."""
        return _answer(call, "custom_fields", self._fields.of_kind(call.values["customFieldKind"]))

    def create_custom_fields(self, call: Call) -> Response:
        """New custom fields of one kind."""
        writer = self._fields.writer(call.values["customFieldKind"], root_of("custom_fields"))
        return self._creator("custom_fields", writer)(call)

    def update_custom_fields(self, call: Call) -> Any:
        """Custom fields of one kind, written over."""
        writer = self._fields.writer(call.values["customFieldKind"], root_of("custom_fields"))
        return self._updater("custom_fields", writer)(call)

    def group_names(self, call: Call) -> Any:
        """The groups of one type."""
        wanted = call.values["groupType"].lower()
        if wanted not in by_key(self._catalog.of("group_types", kinds.GroupType)):
            raise not_found("The group type does not exist.")
        names = self._catalog.of("group_names", kinds.GroupName)
        found = [item for item in names if item.group_type.lower() == wanted]
        return {root_of("group_names"): found}

    def delete_tag(self, call: Call) -> Response:
        """Take a tag away, from profiles too."""
        _permit(call)
        journal = self._journals.of_user(call.caller.user_id, call.caller.user.source)
        moment = iso(self._clock.now())
        delete_tag(self._store, self._catalog, call.values["tagName"], journal, moment)
        call.entry.applied = True
        return no_content()

    def programs(self, call: Call) -> Any:
        """Programs with their filters."""
        return _answer(call, "programs", self._programs())

    def programs_of_type(self, call: Call) -> Any:
        """Programs of one of the five types."""
        wanted = _PROGRAM_TYPES.get(call.values["programTypeId"].lower())
        if wanted is None:
            raise not_found("The program type does not exist.")
        found = [item for item in self._programs() if item.program_type_id == wanted]
        return _answer(call, "programs", found)

    def program_groups(self, call: Call) -> Any:
        """Groups, programs and filters that have the custom properties of the query."""
        return self._grouped(call, pruned)

    def whole_program_groups(self, call: Call) -> Any:
        """Groups in which something has these properties, with all they hold."""
        return self._grouped(call, groups_with)

    def _grouped(self, call: Call, choose: Callable[..., Sequence[Struct]]) -> Any:
        filters = self._catalog.of("filters", kinds.Filter)
        groups = [
            replace(group, programs=with_filters(group.programs, filters))
            for group in self._catalog.of("program_groups", kinds.ProgramGroup)
        ]
        wanted = Query(call).others(_ID, _LOCALE)
        return _answer(call, "program_groups", choose(groups, wanted))

    def _programs(self) -> list[kinds.Program]:
        filters = self._catalog.of("filters", kinds.Filter)
        return with_filters(self._catalog.of("programs", kinds.Program), filters)

    def _lister(self, kind: str) -> Operation:
        return lambda call: _answer(call, kind, self._catalog.of(kind, TYPES[kind]))

    def _creator(self, kind: str, writer: Writer[Any]) -> Callable[[Call], Response]:
        def create(call: Call) -> Response:
            _permit(call)
            require_json(call.request)
            items = writer.create(call.request.body)
            call.entry.applied = True
            return created({root_of(kind): items}, _location(call, f"{kind}.list", items[0].id))

        return create

    def _updater(self, kind: str, writer: Writer[Any]) -> Operation:
        def update(call: Call) -> Any:
            _permit(call)
            require_json(call.request)
            items = writer.update(call.request.body)
            call.entry.applied = True
            return {root_of(kind): items}

        return update


def _permit(call: Call) -> None:
    if not call.caller.user.configuration:
        raise forbidden("The user may not change the configuration.")


def _location(call: Call, route: str, number: int) -> str:
    path = ROUTES[route].path
    for name, value in call.values.items():
        path = path.replace(f"{{{name}}}", quote(value, safe=""))
    return f"{API_BASE}{path}?{_ID}={number}"


def _answer(call: Call, kind: str, items: Sequence[_Some]) -> Any:
    """The items that `Id` and `locale` ask for. Raises 404 where there is none of them."""
    query = Query(call)
    if number := query.whole(_ID, default=0):
        items = [item for item in items if getattr(item, "id", 0) == number]
        if not items:
            raise not_found(f"None of {root_of(kind)} has this {_ID}.")
    if locale := query.text(_LOCALE):
        items = in_locale(items, locale) if kind != "tags" else items
        if not items:
            raise not_found(f"None of {root_of(kind)} exists in this {_LOCALE}.")
    return {root_of(kind): items}
