"""The store's JSON: strict about what it is, careful with what it does not know."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loki_core.errors import StorageError
from loki_core.tokens.document import dump_document, parse_document
from tests.core.workshop import make_peer_record, make_peer_secret, make_store_document, refuses

LABEL = "/home/alice/.loki/dashboard/tokens.json"
OURS = {"tokens", "audit_outbox", "audit_head", "written_at"}
WHOLE = json.dumps(make_store_document(make_peer_record("ci-bot", make_peer_secret()))).encode()

NO_STORES = {
    "zero bytes": b"",
    "white space": b" \n\t ",
    "zeros": b"\0" * 4096,
    "a list": b"[]",
    "null": b"null",
    "a number": b"7",
    "a text": b'"tokens"',
    "an object without tokens": b"{}",
    "tokens that are a list": b'{"tokens": []}',
    "tokens that are null": b'{"tokens": null}',
    "UTF-16": WHOLE.decode().encode("utf-16"),
    "UTF-16 without a mark": WHOLE.decode().encode("utf-16-le"),
    "a byte order mark": b"\xef\xbb\xbf" + WHOLE,
    "Latin-1": b'{"tokens": {"t": {"name": "\xe4"}}}',
    "cut short": WHOLE[:-20],
    "two documents": WHOLE + WHOLE,
    "a trailing line": WHOLE + b"\n[",
    "deep nesting": b'{"tokens":' + b"[" * 200_000 + b"]" * 200_000 + b"}",
    "deep objects": b'{"x":' * 100_000 + b"1" + b"}" * 100_000,
    "NaN": b'{"tokens": {}, "x": NaN}',
    "Infinity": b'{"tokens": {}, "x": -Infinity}',
    "a number beyond all bounds": b'{"tokens": {}, "x": 1e999}',
    "a huge integer": b'{"tokens": {}, "x": ' + b"9" * 5000 + b"}",
    "a comment": b'{"tokens": {}} // mine',
}


@pytest.mark.parametrize("data", NO_STORES.values(), ids=NO_STORES)
def test_what_is_no_token_store_is_refused_by_name_with_the_remedy(data: bytes) -> None:
    with refuses("store_corrupt") as caught:
        parse_document(data, LABEL)
    assert LABEL in caught.value.message
    assert f"{LABEL}.bak" in caught.value.remedy


@given(st.binary() | st.text().map(str.encode) | st.integers(0, len(WHOLE)).map(lambda end: WHOLE[:end]))
def test_no_bytes_make_reading_fail_with_a_foreign_error(data: bytes) -> None:
    code = ""
    try:
        parse_document(data, LABEL)
    except StorageError as error:
        code = error.code
    assert code in {"", "store_corrupt"}


@given(
    st.dictionaries(st.text(), st.text() | st.integers() | st.none() | st.dictionaries(st.text(), st.text())),
    st.dictionaries(st.text().filter(lambda name: name not in OURS), st.text()),
)
def test_tokens_and_what_we_do_not_know_at_the_top_survive_a_round_trip(
    tokens: dict[str, object], rest: dict[str, str]
) -> None:
    document = parse_document(json.dumps({"version": "1.0", **rest, "tokens": tokens}).encode(), LABEL)
    written = b"".join(dump_document(document))
    assert json.loads(written) == {"version": "1.0", **rest, "tokens": tokens}
    assert parse_document(written, LABEL) == document


def test_a_long_nested_field_that_was_read_can_also_be_written() -> None:
    depth = 200
    data = b'{"tokens": {}, "x": ' + b"[" * depth + b"]" * depth + b"}"
    assert json.loads(b"".join(dump_document(parse_document(data, LABEL)))) == json.loads(data) | {"version": "1.0"}


@pytest.mark.parametrize(
    ("top", "is_known"),
    [
        ({"written_at": "2026-03-01T12:00:00+00:00"}, True),
        ({"written_at": 7}, False),
        ({"written_at": "soon"}, False),
        ({"audit_outbox": "x", "written_at": None}, False),
        ({"audit_outbox": [1, None, "x"], "audit_head": "x"}, False),
        ({"audit_head": [1]}, False),
    ],
)
def test_our_own_fields_at_the_top_are_dropped_where_they_make_no_sense(top: dict[str, object], is_known: bool) -> None:
    document = parse_document(json.dumps({"tokens": {}, **top}).encode(), LABEL)
    assert (document.written_at is not None) == is_known
    assert document.outbox == ()
    assert document.audit_head is None
