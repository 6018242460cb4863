"""The order of scopes, checked as an order."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loki_core.errors import ConfigurationError, InvalidInput
from loki_core.scopes import ALL, BUILT_IN, Scope, ScopeCatalog, parse_scopes

BUILT_IN_NAMES = [scope.name for scope in BUILT_IN]


@st.composite
def catalogs(draw: st.DrawFn) -> ScopeCatalog:
    """Catalogues whose custom scopes imply built-in ones and earlier custom ones, so never in a circle."""
    names = [f"custom.{number}" for number in range(draw(st.integers(0, 6)))]
    custom = []
    for position, name in enumerate(names):
        below = [*BUILT_IN_NAMES[1:], *names[:position]]
        implies = draw(st.lists(st.sampled_from(below), unique=True, max_size=3))
        custom.append(Scope(name=name, implies=tuple(implies)))
    return ScopeCatalog(draw(st.permutations(custom)))


def _names(catalog: ScopeCatalog) -> list[str]:
    return [scope.name for scope in catalog]


@given(catalogs())
def test_inclusion_is_a_partial_order(catalog: ScopeCatalog) -> None:
    names = _names(catalog)
    below = {(a, b) for a, b in itertools.product(names, names) if catalog.covers([a], b)}
    assert all((a, a) in below for a in names)
    assert all(a == b for a, b in below if (b, a) in below)
    assert all((a, d) in below for a, b in below for c, d in below if b == c)


@given(catalogs(), st.data())
def test_expand_covers_and_the_explained_chain_agree(catalog: ScopeCatalog, data: st.DataObject) -> None:
    held = data.draw(st.lists(st.sampled_from([*_names(catalog), "unknown"]), max_size=4))
    expanded = catalog.expand(held)
    for needed in _names(catalog):
        decision = catalog.explain(held, needed)
        assert decision.granted == (needed in expanded) == catalog.covers(held, needed)
        if decision.granted:
            assert decision.chain[0] in held
            assert decision.chain[-1] == needed
            implied = {scope.name: scope.implies for scope in catalog}
            for above, under in itertools.pairwise(decision.chain):
                assert above == ALL or under in implied[above]


@given(catalogs(), st.lists(st.sampled_from(BUILT_IN_NAMES)), st.lists(st.sampled_from(BUILT_IN_NAMES)))
def test_holding_more_never_grants_less(catalog: ScopeCatalog, some: list[str], more: list[str]) -> None:
    assert catalog.expand(some) <= catalog.expand([*some, *more])


@pytest.mark.parametrize(
    ("held", "expected"),
    [
        ("*", {"*", "control", "write", "read", "audit"}),
        ("control", {"control", "write", "read"}),
        ("write", {"write", "read"}),
        ("read", {"read"}),
        ("audit", {"audit"}),
    ],
)
def test_the_built_in_scopes_include_what_the_guide_says(held: str, expected: set[str]) -> None:
    assert ScopeCatalog().expand([held]) == expected


def test_nothing_but_all_includes_all() -> None:
    catalog = ScopeCatalog()
    assert not catalog.covers(["control", "audit", "read", "write"], ALL)
    assert catalog.covers([ALL], "what.nobody.defined")


def test_a_scope_that_does_not_exist_here_grants_nothing_not_even_itself() -> None:
    assert not ScopeCatalog().covers(["deploy"], "deploy")


def test_a_decision_says_through_which_chain_it_was_granted_or_what_is_missing() -> None:
    catalog = ScopeCatalog()
    assert str(catalog.explain(["control"], "read")) == "read: granted by control > write > read"
    assert str(catalog.explain(["read", "audit"], "write")) == "write: missing; held: read, audit"
    assert str(catalog.explain([], "read")) == "read: missing; held: nothing"


@pytest.mark.parametrize(
    "custom",
    [
        [Scope(name="read")],
        [Scope(name="deploy"), Scope(name="deploy")],
        [Scope(name="Deploy")],
        [Scope(name="")],
        [Scope(name="a" * 65)],
        [Scope(name="deploy\x1b[31m")],
        [Scope(name="deploy\n")],
        [Scope(name="all", implies=("*",))],
        [Scope(name="deploy", implies=("deploy",))],
        [Scope(name="deploy", implies=("raed",))],
        [Scope(name="a", implies=("b",)), Scope(name="b", implies=("a",))],
        [Scope(name="a", implies=("b",)), Scope(name="b", implies=("c",)), Scope(name="c", implies=("a",))],
    ],
)
def test_custom_scopes_that_make_no_order_are_refused(custom: list[Scope]) -> None:
    with pytest.raises(ConfigurationError) as caught:
        ScopeCatalog(custom)
    assert str(caught.value).isprintable()


def test_many_ways_to_one_scope_do_not_make_it_expensive_to_explain() -> None:
    """A configuration of 40 diamonds in a row has 2 to the 40th ways from top to bottom."""
    custom = [Scope(name="d0", implies=("read",))]
    for level in range(1, 41):
        custom += [Scope(name=f"{side}{level}", implies=(f"d{level - 1}",)) for side in "lr"]
        custom.append(Scope(name=f"d{level}", implies=(f"l{level}", f"r{level}")))
    assert len(ScopeCatalog(custom).explain(["d40"], "read").chain) == 82


def test_a_misspelt_scope_is_refused_and_the_nearest_one_offered() -> None:
    with pytest.raises(InvalidInput) as caught:
        ScopeCatalog().check_known(["read", "wirte"])
    assert caught.value.code == "unknown_scope"
    assert "did you mean write?" in caught.value.remedy


def test_a_secret_given_as_a_scope_is_not_echoed() -> None:
    with pytest.raises(InvalidInput) as caught:
        ScopeCatalog().check_known(["loki_" + "a" * 49])
    assert "a" * 16 not in str(caught.value)


def test_an_escape_sequence_given_as_a_scope_is_not_echoed() -> None:
    with pytest.raises(InvalidInput) as caught:
        ScopeCatalog().check_known(["\x1b]0;owned\x07" + "x" * 10_000])
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("text", ["read,write", "read write", " read , write,read ", "read\twrite"])
def test_scopes_are_separated_by_commas_or_spaces_and_kept_in_order_once(text: str) -> None:
    assert parse_scopes(text) == ("read", "write")


@pytest.mark.parametrize("text", ["", " ", ",", " , "])
def test_a_list_without_a_scope_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_scopes(text)
    assert caught.value.code == "invalid_scopes"
