"""Mutants of a module, made by mutmut's operators.

Texts are no part of it: no string is mutated, no argument of a logger, and a sentence is neither
left out nor replaced. mutmut's own runner is not used, because it mutates neither constants nor
properties, and it selects tests by function, where we select them by line.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import libcst as cst
import libcst.matchers as m
from libcst.metadata import MetadataWrapper, PositionProvider
from mutmut.mutation import mutators
from mutmut.mutation.file_mutation import Mutation, MutationVisitor, deep_replace
from mutmut.mutation.pragma_handling import IgnoredCode

from tools.mutation.sampling import Name

STRINGS = (cst.SimpleString, cst.FormattedString, cst.ConcatenatedString)


@dataclass(frozen=True, eq=False)
class Mutant:
    """One change to one module. `lines` are those that the changed expression takes up."""

    name: Name
    lines: range
    statement: range
    """Lines of the statement around it."""
    tree: cst.Module
    mutation: Mutation

    @property
    def source(self) -> str:
        """Source of the module with this change."""
        mutation = self.mutation
        changed = deep_replace(self.tree, mutation.original_node, mutation.mutated_node)
        return cst.ensure_type(changed, cst.Module).code


def mutants_of(path: Path, module: str) -> list[Mutant]:
    """Return every mutant of a module, in the order of its code."""
    wrapper = MetadataWrapper(cst.parse_module(path.read_text("utf-8")))
    visitor = _Visitor()
    tree = wrapper.visit(visitor)
    lines = path.read_text("utf-8").splitlines()
    seen: Counter[Name] = Counter()
    made = []
    for mutation, place in zip(visitor.mutations, visitor.places, strict=True):
        before, after = _changed_part(mutation.original_node, mutation.mutated_node)
        line = lines[place.statement.start - 1].strip()
        name = Name(module, place.function, line, _code(before), _code(after))
        seen[name] += 1
        name = replace(name, number=seen[name])
        made.append(Mutant(name, place.lines, place.statement, tree, mutation))
    return made


def _changed_part(before: Any, after: Any) -> tuple[cst.CSTNode | None, cst.CSTNode | None]:
    """Narrow a changed call to its argument, and a changed `if` to its condition."""
    if isinstance(before, cst.Call) and isinstance(after, cst.Call):
        lost = [arg for arg in before.args if arg not in after.args]
        new = [arg for arg in after.args if arg not in before.args]
        if lost:
            return lost[0].with_changes(comma=_NO_COMMA), new[0].value if new else None
    if isinstance(before, cst.If):
        return before.test, after.test
    return before, after


_NO_COMMA = cst.MaybeSentinel.DEFAULT


def _code(node: cst.CSTNode | None) -> str:
    return "" if node is None else " ".join(cst.Module([]).code_for_node(node).split())


# --- which mutations are made ----------------------------------------------------------------


def _is_sentence(node: cst.CSTNode) -> bool:
    return isinstance(node, STRINGS) and " " in _code(node)


def _arguments(node: cst.Call) -> Iterator[cst.CSTNode]:
    """Leave each argument out and replace each by None, but for sentences."""
    for mutated in mutators.operator_arg_removal(node):
        kept = cst.ensure_type(mutated, cst.Call).args
        if not any(_is_sentence(arg.value) for arg in node.args if arg not in kept):
            yield mutated


def _assignment(node: cst.Assign | cst.AnnAssign) -> Iterator[cst.CSTNode]:
    if node.value is not None and not _is_sentence(node.value):
        yield from mutators.operator_assignment(node)


def _condition(node: cst.If) -> Iterator[cst.CSTNode]:
    """Negate a condition; mutmut turns comparisons around, but no plain value."""
    if not m.matches(node.test, m.Comparison() | m.UnaryOperation(operator=m.Not())):
        test = node.test.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])
        yield node.with_changes(test=cst.UnaryOperation(cst.Not(), test))


_OWN: dict[Any, Any] = {
    mutators.operator_arg_removal: _arguments,
    mutators.operator_assignment: _assignment,
}
OPERATORS = [
    *(
        (kind, _OWN.get(operator, operator))
        for kind, operator in mutators.mutation_operators
        if operator is not mutators.operator_string
    ),
    (cst.If, _condition),
]


@dataclass(frozen=True)
class _Place:
    function: str
    lines: range
    statement: range


class _Visitor(MutationVisitor):
    """mutmut's visitor, which here reaches properties and skips what is logged."""

    def __init__(self) -> None:
        super().__init__(OPERATORS, IgnoredCode(set(), set(), set()))
        self.places: list[_Place] = []
        self._scopes: list[str] = []
        self._statements: list[range] = [range(1, 2)]

    def on_visit(self, node: cst.CSTNode) -> bool:
        if isinstance(node, cst.FunctionDef | cst.ClassDef):
            self._scopes.append(node.name.value)
        if lines := self._statement_lines(node):
            self._statements.append(lines)
        found = len(self.mutations)
        into = super().on_visit(node)
        made = len(self.mutations) - found
        if made:
            place = _Place(".".join(self._scopes), self._lines(node), self._statements[-1])
            self.places += [place] * made
        return into

    def on_leave(self, original_node: cst.CSTNode) -> None:
        super().on_leave(original_node)
        if isinstance(original_node, cst.FunctionDef | cst.ClassDef):
            self._scopes.pop()
        if self._statement_lines(original_node):
            self._statements.pop()

    def _statement_lines(self, node: cst.CSTNode) -> range | None:
        """Return the lines of a simple statement, or of a compound one's header."""
        if isinstance(node, cst.SimpleStatementLine):
            return self._lines(node)
        if isinstance(node, cst.BaseCompoundStatement):
            return range(self._lines(node).start, max(self._lines(node.body).start, 1))
        return None

    def _lines(self, node: cst.CSTNode) -> range:
        position = self.get_metadata(PositionProvider, node)
        return range(position.start.line, position.end.line + 1)

    def _skip_node_and_children(self, node: cst.CSTNode) -> bool:
        if m.matches(node, m.Call(func=m.Attribute(value=m.Name("logger")))):
            return True
        if m.matches(node, m.FunctionDef(decorators=[m.Decorator(m.Name("property"))])):
            return False
        return super()._skip_node_and_children(node)
