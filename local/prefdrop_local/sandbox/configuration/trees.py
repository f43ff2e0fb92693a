"""Program groups, their programs and their filters, by custom properties."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

from msgspec.structs import replace

from prefdrop_local.sandbox.configuration.items import Filter, Program, ProgramGroup, Property

_Some = TypeVar("_Some", ProgramGroup, Program, Filter)


def with_filters(programs: Iterable[Program], filters: Sequence[Filter]) -> list[Program]:
    """The programs, each with its filters."""
    return [
        replace(program, filters=[one for one in filters if one.program_id == program.program_id])
        for program in programs
    ]


def groups_with(groups: Iterable[ProgramGroup], wanted: Mapping[str, str]) -> list[ProgramGroup]:
    """Groups in which anything has all the wanted custom properties, with all they hold.

    An empty value means any. The vendor's `IncludeAll`.
    """
    return [group for group in groups if _pruned_group(group, wanted) is not None]


def pruned(groups: Iterable[ProgramGroup], wanted: Mapping[str, str]) -> list[ProgramGroup]:
    """The same groups, without the programs and filters that do not match."""
    return [kept for group in groups if (kept := _pruned_group(group, wanted)) is not None]


def _pruned_group(group: ProgramGroup, wanted: Mapping[str, str]) -> ProgramGroup | None:
    if not wanted:
        return group
    kept = [found for one in group.programs if (found := _pruned_program(one, wanted)) is not None]
    if kept or _has(group.custom_properties, wanted):
        return replace(group, programs=kept)
    return None


def _pruned_program(program: Program, wanted: Mapping[str, str]) -> Program | None:
    kept = [one for one in program.filters if _has(one.custom_properties, wanted)]
    if kept or _has(program.custom_properties, wanted):
        return replace(program, filters=kept)
    return None


def _has(properties: Iterable[Property], wanted: Mapping[str, str]) -> bool:
    known = {one.key.lower(): one.value.lower() for one in properties}
    return all(
        name.lower() in known and (not value or known[name.lower()] == value.lower())
        for name, value in wanted.items()
    )
