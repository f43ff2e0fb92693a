"""Source lines for one value of the compiled mapping: convert, check, append, or note a fault."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import time
from typing import NamedTuple
from zoneinfo import ZoneInfo

from prefdrop.feeds import dates
from prefdrop.feeds.account import AccountRules
from prefdrop.feeds.dates import DateRule, date_parser
from prefdrop.feeds.definition import Column, Empty
from prefdrop.feeds.faults import Fault
from prefdrop.feeds.layout import Leaf
from prefdrop.feeds.values import BOOLEANS, EMAIL, NUMBER, PHONE, integer_text

_SMALL_RANGE = 10
"""A range of at most this many numbers is looked up in a table instead of being computed."""


class Policy(NamedTuple):
    """What `[source]` says where a column says nothing."""

    empty: Empty = "omit"
    trim: bool = False
    timezone: str | None = None
    account: AccountRules | None = None


def date_rule(column: Column, timezone: str | None) -> DateRule:
    """How `column` writes its dates, with the source's time zone where it names none."""
    zone = column.timezone or timezone
    return DateRule(
        column.datetime or "iso8601",
        ZoneInfo(zone) if zone else None,
        column.gap or "reject",
        column.overlap or "earlier",
        time.fromisoformat(column.time_of_day) if column.time_of_day else time(),
    )


def json_text(value: object) -> str:
    """`value` as JSON text."""
    return json.dumps(value, ensure_ascii=False)


def member_text(member: str, value: object) -> str:
    """One member: `"Member":value`."""
    return f"{json_text(member)}:{json_text(value)}"


def braced(text: str) -> str:
    """`text` as it stands in an f-string."""
    return text.replace("{", "{{").replace("}", "}}")


def f_string(inside: str) -> str:
    """The f-string with this inside, in which braces are already doubled or meant."""
    return "f" + repr(inside)


def source_text(value: str | int | float | bool) -> str:
    """A TOML value as the text that a cell of the file would hold."""
    return value if isinstance(value, str) else json_text(value)


def options_of(leaf: Leaf) -> Column:
    """The options of a leaf that a column fills."""
    if leaf.options is None:
        raise TypeError(f"{leaf.path} is a constant")
    return leaf.options


class Target(NamedTuple):
    """Where a member goes: the variable it is appended to, and what stands before and after it.

    An item that one column makes alone is written in one go, its brackets before and after.
    """

    name: str
    before: str = ","
    after: str = ""

    def framed(self, member: str) -> str:
        return f"{self.before}{member}{self.after}"


class ValueWriter:
    """Gathers source lines and the objects they refer to."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.lines: list[str] = []
        self.depth = 1
        self.count = 0
        self.variables: dict[str, str] = {}
        self.namespace: dict[str, object] = {
            "E": json.encoder.encode_basestring,
            "EMAIL": EMAIL.fullmatch,
            "PHONE": PHONE.fullmatch,
            "NUMBER": NUMBER.fullmatch,
            "INTEGER": integer_text,
            "LATER": dates.a_day_later,
        }

    def line(self, text: str) -> None:
        self.lines.append("    " * self.depth + text)

    def number(self) -> int:
        self.count += 1
        return self.count

    def refer(self, letter: str, value: object) -> str:
        """A name by which the source reaches `value`."""
        name = f"{letter}{self.number()}"
        self.namespace[name] = value
        return name

    def variable(self, leaf: Leaf) -> str:
        """The variable that holds the leaf's cell."""
        if leaf.path not in self.variables:
            self.variables[leaf.path] = f"v{self.number()}"
        return self.variables[leaf.path]

    def fault(self, code: str, column: str | None, reason: str) -> str:
        """The statement that notes a fault of the row."""
        return f"f.append({self.refer('F', Fault(code, column, reason))})"

    def policy_of(self, leaf: Leaf) -> Empty:
        """What an empty cell of this leaf does."""
        options = options_of(leaf)
        if options.required:
            return "reject"
        return options.empty or self.policy.empty

    def shaping(self, leaf: Leaf) -> None:
        """Trim and case, where the feed says so."""
        options, name = options_of(leaf), self.variable(leaf)
        if self.policy.trim if options.trim is None else options.trim:
            self.line(f"{name} = {name}.strip()")
        if options.case:
            self.line(f"{name} = {name}.{options.case}()")

    def empty_branch(self, leaf: Leaf, name: str, nulls: str) -> None:
        """What an empty cell does. `nulls` is where a null goes."""
        policy, column = self.policy_of(leaf), leaf.column
        if leaf.match_key:
            reason = f"Column {column} is empty, and records are matched by it."
            self.line(f"if not {name}: {self.fault('MatchKeyMissing', column, reason)}")
        elif policy == "reject":
            reason = f"Column {column} must not be empty."
            self.line(f"if not {name}: {self.fault('ValueMissing', column, reason)}")
        elif policy == "null" and nulls and not leaf.required:
            self.line(f"if not {name}: {nulls} += {',' + member_text(leaf.member, None)!r}")

    def value(self, leaf: Leaf, target: Target) -> None:
        """Convert and check the filled cell, and append its member to `target`."""
        options = options_of(leaf)
        kind = options.type or leaf.field.kind
        if options.values is not None:
            self._mapped(leaf, target, options.values)
        elif options.datetime is not None or kind == "date":
            self._date(leaf, target, date_rule(options, self.policy.timezone))
        elif kind == "boolean":
            wrong = Fault("NotABoolean", leaf.column, "is neither true nor false")
            self._choice(leaf, target, BOOLEANS, wrong)
        elif kind == "integer":
            self._integer(leaf, target)
        elif kind == "number":
            reason = f"Column {leaf.column} is not a number."
            fault = self.fault("NotANumber", leaf.column, reason)
            self.line(f"if not NUMBER({self.variable(leaf)}): {fault}")
            self.line(f"else: {self._append(leaf, target, '{' + self.variable(leaf) + '}')}")
        else:
            self._text(leaf, target)

    def _append(self, leaf: Leaf, target: Target, value: str) -> str:
        """The statement that appends the member; `value` is the inside of an f-string."""
        before = braced(f"{target.before}{json_text(leaf.member)}:")
        return f"{target.name} += {f_string(before + value + braced(target.after))}"

    def _mapped(
        self, leaf: Leaf, target: Target, values: Mapping[str, str | int | float | bool]
    ) -> None:
        fragments = {
            key: "" if value == "" else target.framed(member_text(leaf.member, value))
            for key, value in values.items()
        }
        listed = ", ".join(list(values)[:10]) + (", ..." if len(values) > 10 else "")
        name = self.variable(leaf)
        reason = (
            f"Column {leaf.column} holds a value that the feed does not list; it lists: {listed}."
        )
        self.line(f"x = {self.refer('M', fragments)}.get({name})")
        self.line(f"if x is None: {self.fault('ValueNotMapped', leaf.column, reason)}")
        self.line(f"else: {target.name} += x")
        if "" in values.values():
            self.line(f"if x == '': {name} = ''")

    def _choice(self, leaf: Leaf, target: Target, choices: Mapping[str, str], wrong: Fault) -> None:
        member = json_text(leaf.member)
        fragments = {key: target.framed(f"{member}:{value}") for key, value in choices.items()}
        reason = f"Column {leaf.column} {wrong.reason}."
        self.line(f"x = {self.refer('M', fragments)}.get({self.variable(leaf)})")
        self.line(f"if x is None: {self.fault(wrong.code, leaf.column, reason)}")
        self.line(f"else: {target.name} += x")

    def _integer(self, leaf: Leaf, target: Target) -> None:
        low, high = leaf.field.low, leaf.field.high
        if low is not None and high is not None and high - low < _SMALL_RANGE:
            choices = {str(number): str(number) for number in range(low, high + 1)}
            wrong = Fault("OutOfRange", leaf.column, f"must be a whole number from {low} to {high}")
            self._choice(leaf, target, choices, wrong)
            return
        bounds = f" from {low} up" if low is not None else ""
        reason = f"Column {leaf.column} must be a whole number{bounds}."
        self.line(f"x = INTEGER({self.variable(leaf)}, {low}, {high})")
        self.line(f"if not x: {self.fault('NotAnInteger', leaf.column, reason)}")
        self.line(f"else: {self._append(leaf, target, '{x}')}")

    def _date(self, leaf: Leaf, target: Target, rule: DateRule) -> None:
        column = leaf.column
        faults = {
            mark: Fault(mark[1:], column, f"Column {column} {wrong}.")
            for mark, wrong in dates.describe_faults(rule).items()
        }
        future = Fault("DateInFuture", column, f"Column {column} lies in the future.")
        reasons, late = self.refer("T", faults), self.refer("F", future)
        self.line(f"x = {self.refer('D', date_parser(rule))}({self.variable(leaf)})")
        # A time of day that the feed adds must not make a date of today one of the future.
        present = "LATER(now)" if rule.time_of_day > time() else "now"
        self.line(f"if x > {present}: f.append({reasons}.get(x) or {late})")
        self.line(f"""else: {self._append(leaf, target, '"{x}"')}""")

    def _text(self, leaf: Leaf, target: Target) -> None:
        name, known, column = self.variable(leaf), leaf.field, leaf.column
        for wrong, code, reason in (
            (
                f"len({name}) > {known.longest}" if known.longest else "",
                "ValueTooLong",
                f"is longer than the {known.longest} characters the vendor takes",
            ),
            (
                f"len({name}) < {known.shortest}" if known.shortest > 1 else "",
                "ValueTooShort",
                f"has fewer than {known.shortest} characters",
            ),
            (
                f"not EMAIL({name})" if known.form == "email" else "",
                "NotAnEmail",
                "is not an e-mail address",
            ),
            (
                f"not PHONE({name})" if known.form == "phone" else "",
                "NotAPhone",
                "is not a phone number",
            ),
        ):
            if wrong:
                fault = self.fault(code, column, f"Column {column} {reason}.")
                self.line(f"if {wrong}: {fault}")
        if known.form == "email":
            self._account_pattern(name, column)
        self.line(self._append(leaf, target, f"{{E({name})}}"))

    def _account_pattern(self, name: str, column: str) -> None:
        """Hold an address to the account's own pattern, where it has one that is understood."""
        rules = self.policy.account
        if rules is not None and rules.email_pattern is not None:
            wrong = f"Column {column} does not fit the account's own pattern for e-mail addresses"
            fault = self.fault("NotAnEmail", column, f"{wrong}{rules.as_of}.")
            self.line(f"if not {self.refer('P', rules.email_pattern.takes)}({name}): {fault}")
