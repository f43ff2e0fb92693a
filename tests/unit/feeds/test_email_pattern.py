"""The account's pattern is used where it surely means what we read, and surely ends."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from prefdrop.feeds.email_pattern import LONGEST, PROBES, email_pattern


def test_pattern_that_is_plain_takes_addresses_in_any_case(subtests: pytest.Subtests) -> None:
    for pattern in [
        r"^[A-Z0-9._%+-]+@[A-Z0-9.-]+\.[A-Z]{2,}$",
        r"^[a-z0-9._%+-]+@[a-z0-9.-]+\.[a-z]{2,4}$",
        r"(?i)^\S+@\S+\.\S+$",
        r"^[^@\s]+@(?!localhost\.)[^@\s]+$",
        r"^(?P<local>[^@]+)@.+\.(?:com|org|uk|test)$",
        r"^[\w.\-+']{1,64}@[\w.\-]{1,255}$",
    ]:
        with subtests.test(pattern=pattern):
            understood = email_pattern(pattern)

            assert understood is not None
            assert understood.takes("Ana.Ruiz@Example.COM")
            assert understood.takes("ana.ruiz@example.com")
            assert not understood.takes("ana.ruiz.example.com")


def test_pattern_that_refuses_everyone_or_is_unclear_is_not_used(subtests: pytest.Subtests) -> None:
    for pattern in [
        r"/^[^@]+@[^@]+$/i",
        r"^[^@]+@[^@]+\\.[a-z]+$",
        r"^\S+@shop\.example$",
        r"^[0-9]+@.+$",
        r"\p{L}+@.+",
        r"^(?<n>.+)@.+$",
        r"^(?i)[a-z.0-9]+@.*$",
        r"(?s)^.+@.+$",
        r"^[\w-[_]]+@.+$",
        r"^[\w--_]+@.+$",
        r"^[]x]+@.+$",
        r"^.++@.+$",
        r"^(.+@.+$",
        r"^.+)@.+$",
        r"*@",
        "^.+@.+$" + "\\",
        "(" * 5_000,
    ]:
        with subtests.test(pattern=pattern):
            assert email_pattern(pattern) is None


def test_pattern_that_could_take_long_is_not_used(subtests: pytest.Subtests) -> None:
    for pattern in [
        r"^([a-zA-Z0-9_\-\.]+)*@.+$",
        r"^([a-zA-Z0-9_\-\.]+)*@([a-z]+\.)+[a-z]{2,4}$",
        r"^([a-z0-9]+)+@.+$",
        r"^(?:(?:[a-z.0-9])+){2,}@.+$",
        r"^(?:[a-z.0-9]{1,8}){1,40}@.+$",
        r"^(?:a|a|[^@])+@.+$",
        r"^(?:a?[^@])*@.+$",
        r"^((?:a|b)c?)*[^@]+@.+$",
        r"^(?=(?:[^@]*)*@).+$",
        r"^(.).*@.*\1.*$",
        r"^(?P<x>.).*@.*(?P=x)?.*$",
        r"^.*.*.*.*@.+$",
        "^" + ".?" * 30 + ".+@.+$",
        "^" + "(?:[^@]|[^@])" * 30 + "?@.+$",
    ]:
        with subtests.test(pattern=pattern):
            assert email_pattern(pattern) is None


REPEATED = st.sampled_from(["*", "+", "{2,}", "{1,9}", "*?", "{0,40}"])
VARIABLE = st.sampled_from(["*", "+", "?", "{2,}", "{1,3}", "+?"])
ATOMS = st.sampled_from(["a", ".", "[^@]", r"\w", "[a-z0-9.]", "(?:b)", r"\."])


@given(before=ATOMS, atom=ATOMS, inner=VARIABLE, after=ATOMS, outer=REPEATED)
def test_a_repeated_group_that_holds_a_repetition_is_never_used(
    before: str, atom: str, inner: str, after: str, outer: str
) -> None:
    # That it takes every address is no excuse: the end is what may take long.
    assert email_pattern(f"^(?:{before}|{after}){outer}.*$") is None
    for opening in ("(", "(?:", "(?P<x>"):
        for inside in (f"{atom}{inner}", f"{before}{atom}{inner}{after}", f"({atom}{inner})"):
            assert email_pattern(f"^{opening}{inside}){outer}") is None


def test_an_address_that_nobody_has_is_not_tried() -> None:
    understood = email_pattern(r"^[a-z.0-9]+@[a-z.-]+$")

    assert understood is not None
    assert not understood.takes("a" * (LONGEST - 1) + "!")
    assert understood.takes("a" * LONGEST + "!")


def test_the_addresses_that_each_pattern_must_take_are_plain() -> None:
    assert all(probe.isascii() and probe.islower() for probe in PROBES)
