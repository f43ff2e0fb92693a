"""Custom fields: of each kind by itself, though all of them share their names."""

from __future__ import annotations

from prefdrop_local.sandbox.configuration.catalog import Catalog, by_key
from prefdrop_local.sandbox.configuration.items import KINDS, UPDATE_RULES, CustomField, Picklist
from prefdrop_local.sandbox.configuration.writing import Writer
from prefdrop_local.sandbox.problem import bad_request, not_found

_KINDS = {name.lower(): name for name in KINDS.values()}
_RULES = {rule.name for rule in UPDATE_RULES}


class CustomFields:
    """The custom fields of the account."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def of_kind(self, kind: str) -> list[CustomField]:
        """The fields of one kind. Raises 404 for a kind that there is not."""
        wanted = _kind(kind)
        found = self._catalog.of("custom_fields", CustomField)
        return [item for item in found if item.kind == wanted]

    def writer(self, kind: str, root: str) -> Writer[CustomField]:
        """Writes fields of one kind. Raises 404 for a kind that there is not."""
        wanted = _kind(kind)

        def finish(item: CustomField, old: CustomField | None) -> None:
            item.kind = wanted
            if old is not None:
                item.name = old.name
                if old.kind != wanted:
                    raise not_found("One of the custom fields is of another kind.")
            self._check(item)

        return Writer(self._catalog, "custom_fields", CustomField, root, finish)

    def _check(self, item: CustomField) -> None:
        if item.update_rule not in _RULES:
            raise not_found("One of the custom fields names an update rule that does not exist.")
        if item.kind != KINDS["text"] and item.max_length is not None:
            raise bad_request("Only custom fields of texts have a length.")
        if item.kind != KINDS["selectlist"]:
            if item.picklist is not None:
                raise bad_request("Only custom fields of select lists have a picklist.")
        elif not item.picklist:
            raise bad_request("A select list needs a picklist.")
        elif item.picklist.lower() not in by_key(self._catalog.of("picklists", Picklist)):
            raise not_found("One of the custom fields names a picklist that does not exist.")


def _kind(text: str) -> str:
    if (kind := _KINDS.get(text.lower())) is None:
        raise not_found("The kind of custom field does not exist.")
    return kind
