"""When a rule strikes: by number, by interval, by chance."""

from __future__ import annotations

import random
from typing import Annotated

import msgspec
from msgspec import Meta

Number = Annotated[int, Meta(ge=1)]


class Schedule(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Which of the calls that a rule counts, from 1, it strikes; all, unless something is given."""

    nth: Number | list[Number] | None = None
    from_: Number | None = msgspec.field(name="from", default=None)
    to: Number | None = None
    every: Number | None = None
    chance: Annotated[float, Meta(ge=0, le=1)] | None = None
    """Drawn from the seed, the rule's place and the call's number: the same again each time."""
    times: Number | None = None
    """Most strikes."""

    @property
    def kind(self) -> str:
        """The rule's kind as it stands in the JSON."""
        return str(self.__struct_config__.tag)

    def is_scheduled(self, call: int) -> bool:
        """Whether the call of that number is to be struck, leaving chance aside."""
        numbers = [self.nth] if isinstance(self.nth, int) else self.nth
        return (
            (numbers is None or call in numbers)
            and (self.from_ is None or call >= self.from_)
            and (self.to is None or call <= self.to)
            and (self.every is None or call % self.every == 0)
        )


def drawn(seed: int, index: int, call: int) -> random.Random:
    """What the rule at a place draws from for a call; the same for the same seed."""
    return random.Random(f"{seed}/{index}/{call}")
