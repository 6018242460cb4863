"""The index that is kept up step by step answers as one that is built anew."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from loki_core.tokens.index import TokenIndex

# Few digests and names, so that records collide, are copied and take each other's place.
_digests = st.sampled_from(["a" * 64, "b" * 64, "c" * 64, "d" * 64])
_records = st.fixed_dictionaries(
    {"hash": _digests | st.none() | st.just(7), "name": st.sampled_from(["ci", "Bu\u0308ro", "B\u00fcro"]) | st.none()},
    optional={
        "salt": st.sampled_from(["", "s1", "s2"]) | st.just(7),
        "lookup": _digests | st.just(7),
        "revoked": st.booleans() | st.just("yes"),
        "original_name": st.sampled_from(["ci", "old"]) | st.none(),
    },
)
_raw: st.SearchStrategy[Any] = _records | st.none() | st.just("text") | st.just([])
_ids = st.sampled_from([f"tok-{number}" for number in range(8)])
_steps = st.lists(st.tuples(_ids, st.none() | _raw.map(lambda raw: (raw,))), min_size=1, max_size=4)


def _answers(index: TokenIndex) -> tuple[object, ...]:
    names = ("ci", "old", "B\u00fcro", "Bu\u0308ro", "nobody")
    found = {name: sorted(index.find_by_name(name)) for name in names}
    return (set(index.by_digest), set(index.by_lookup), index.salted, index.revoked, found)


def _check_rule(index: TokenIndex, tokens: dict[str, Any]) -> None:
    """Of the records with one digest a revoked one is found, if there is one."""
    for known, field in ((index.by_digest, "hash"), (index.by_lookup, "lookup")):
        for digest, token_id in known.items():
            assert tokens[token_id][field] == digest
            same = [
                raw
                for raw in tokens.values()
                if isinstance(raw, dict)
                and raw.get(field) == digest
                and isinstance(raw.get("hash"), str)
                and bool(raw.get("salt")) == (field == "lookup")
            ]
            if any(raw.get("revoked", False) is not False for raw in same):
                assert tokens[token_id].get("revoked", False) is not False


@given(st.dictionaries(_ids, _raw), st.lists(_steps, max_size=6), st.booleans())
def test_an_updated_index_answers_as_a_new_one(
    tokens: dict[str, Any], changes: list[list[tuple[str, tuple[Any] | None]]], asks_names: bool
) -> None:
    padding = {f"pad-{number}": {"hash": f"{number:064x}", "name": f"p{number}"} for number in range(30)}
    tokens = {**padding, **tokens}
    index = TokenIndex(tokens)
    for change in changes:
        if asks_names:
            index.find_by_name("ci")
        after = dict(tokens)
        for token_id, put in change:
            if put is None:
                after.pop(token_id, None)
            else:
                after[token_id] = put[0]
        before = _answers(index)
        updated = index.updated(after)
        assert _answers(updated) == _answers(TokenIndex(after))
        assert _answers(index) == before
        _check_rule(updated, after)
        index, tokens = updated, after
