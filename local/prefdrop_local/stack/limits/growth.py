"""DynamoDB: an update leaves no item larger than 400 KB.

moto measures what is set at the top of an item, not what is added to a set or inside a map, and
leaves an item that it refuses half changed.
"""

from __future__ import annotations

import copy
from typing import Any

from moto.dynamodb.exceptions import ItemSizeToUpdateTooLarge
from moto.dynamodb.models import DynamoDBBackend

from prefdrop_local.stack.limits.values import MOST_ITEM_BYTES, value_size
from prefdrop_local.stack.patching import Patches

_NEAR = MOST_ITEM_BYTES // 4
"""An item and values smaller than this are not copied: an update may use a value several times."""


class ValidationError(Exception):
    """One write of a transaction leaves too large an item; named as DynamoDB's reason is."""


class Growth:
    """Measures what updates leave. `in_transaction` is set while one is applied."""

    def __init__(self) -> None:
        self.in_transaction = False

    def install(self, patches: Patches) -> None:
        """Undo and refuse an update that makes an item too large."""
        update_item = DynamoDBBackend.update_item

        def update(backend: Any, table_name: str, key: Any, *args: Any, **kwargs: Any) -> Any:
            table = backend.tables.get(table_name)
            keys = backend.get_keys_value(table, key) if table is not None else (None, None)
            before = table.get_item(*keys) if table is not None else None
            values = kwargs.get("expression_attribute_values") or {}
            grown = sum(map(value_size, values.values())) + (before.size() if before else 0)
            kept = copy.deepcopy(before.attrs) if before and grown > _NEAR else None
            try:
                item = update_item(backend, table_name, key, *args, **kwargs)
                if grown > _NEAR and item.size() > MOST_ITEM_BYTES:
                    raise ItemSizeToUpdateTooLarge
            except ItemSizeToUpdateTooLarge as error:
                if before is None:
                    table.delete_item(*keys)
                elif kept is not None:
                    before.attrs = kept
                if self.in_transaction:
                    raise ValidationError(error.message) from None
                raise
            return item

        patches.set(DynamoDBBackend, "update_item", update)
