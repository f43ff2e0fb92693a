"""Of two drops of a feed one is newer, or neither is, and never both."""

from __future__ import annotations

from hypothesis import given, settings, strategies as st

from prefdrop.ledger.order import Dropped, padded


def drop(key: str, sequencer: str, second: int) -> Dropped:
    return Dropped("imp-1", key, sequencer, f"2026-01-12T08:00:{second:02d}Z")


MOMENTS = st.tuples(st.integers(0, 9), st.integers(0, 3))
"""A second, and how many drops came before within it."""


@st.composite
def drops(draw: st.DrawFn) -> Dropped:
    """A drop as S3 orders it: of one key, a later one has a greater sequencer, of any length."""
    second, within = draw(MOMENTS)
    zeros = "0" * draw(st.integers(0, 2))
    return drop(draw(st.sampled_from("abc")), f"00{second:X}{within}{zeros}", second)


@settings(max_examples=300)
@given(drops(), drops(), drops())
def test_order_of_drops_is_a_strict_partial_order(a: Dropped, b: Dropped, c: Dropped):
    assert not a.is_newer_than(a)
    assert not (a.is_newer_than(b) and b.is_newer_than(a))
    if a.is_newer_than(b) and b.is_newer_than(c):
        assert a.is_newer_than(c)


def test_shorter_sequencer_is_filled_up_on_the_right():
    shorter, longer = drop("a", "0055AED6", 1), drop("a", "0055AED512", 1)

    assert shorter.is_newer_than(longer)
    assert not longer.is_newer_than(shorter)
    assert padded("A1") == padded("A100")


def test_drops_of_two_keys_in_one_second_have_no_order():
    one = Dropped("imp-1", "a", "FF", "2026-01-12T08:00:01.900Z")
    other = Dropped("imp-2", "b", "AA", "2026-01-12T08:00:01Z")

    assert not one.is_newer_than(other)
    assert not other.is_newer_than(one)
