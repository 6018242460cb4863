from loki_core import Scope, ScopeCatalog
from loki_tui.grants import describe_chains, describe_grant, describe_refusals
from tests.tui.samples import CATALOG, make_token

ALL = [scope.name for scope in CATALOG]


def test_the_chain_of_what_is_allowed_is_told_strongest_first() -> None:
    assert describe_chains(("control", "read", "write"), CATALOG) == "control > write > read"
    assert describe_chains(("read", "audit"), CATALOG) == "read, audit"
    assert describe_chains(("*",), CATALOG) == "everything (*)"
    assert describe_chains((), CATALOG) == "nothing"


def test_custom_scopes_are_told_with_what_they_imply() -> None:
    catalog = ScopeCatalog([Scope(name="deploy", implies=("write",))])
    assert describe_chains(("deploy",), catalog) == "deploy > write > read"


def test_what_is_refused_always_names_token_management_unless_all_is_allowed() -> None:
    assert describe_refusals(make_token(scopes=("control",)), ALL) == "audit, token management"
    assert describe_refusals(make_token(scopes=("*",)), ALL) == "nothing"


def test_the_role_is_shown_where_there_is_one_else_the_scopes() -> None:
    assert describe_grant(make_token(role="viewer")) == "viewer"
    assert describe_grant(make_token(scopes=("read", "audit"))) == "read audit"
