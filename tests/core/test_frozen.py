"""The frozen dataclasses behave as the standard ones, and cost a start less."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from collections.abc import Mapping

import pytest

from loki_core.frozen import dataclass, field, replace
from tests.support.fresh_process import run_python


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A class with every kind of field."""

    name: str
    scopes: tuple[str, ...] = ()
    hidden: str = field(default="x", repr=False)
    raw: Mapping[str, int] = field(default_factory=dict, repr=False, compare=False)

    @property
    def shout(self) -> str:
        """The name in capitals."""
        return self.name.upper()


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Standard:
    """The same, made by the standard module."""

    name: str
    scopes: tuple[str, ...] = ()
    hidden: str = dataclasses.field(default="x", repr=False)
    raw: Mapping[str, int] = dataclasses.field(default_factory=dict, repr=False, compare=False)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Place(Point):
    """A standard dataclass on top of ours."""

    where: str


def test_it_is_made_shown_compared_and_hashed_as_the_standard_ones() -> None:
    point, standard = Point(name="a"), Standard(name="a")
    assert repr(point) == repr(standard).replace("Standard", "Point")
    assert (point.scopes, point.hidden, point.raw, point.shout) == ((), "x", {}, "A")
    assert point == Point(name="a", raw={"b": 1})
    assert point != Point(name="b")
    assert point.__eq__(standard) is NotImplemented
    assert hash(point) == hash(standard) == hash(Point(name="a", raw={"b": 1}))
    assert Point(name="a").raw is not point.raw


def test_it_takes_keywords_alone_and_refuses_what_it_does_not_know() -> None:
    for arguments, keywords in (((), {}), (("a",), {}), ((), {"name": "a", "more": 1})):
        with pytest.raises(TypeError):
            Point(*arguments, **keywords)  # type: ignore[arg-type]


def test_it_is_frozen_and_has_no_dictionary() -> None:
    point = Point(name="a")
    with pytest.raises(dataclasses.FrozenInstanceError):
        point.name = "b"  # type: ignore[misc]
    with pytest.raises(dataclasses.FrozenInstanceError):
        del point.name
    with pytest.raises(dataclasses.FrozenInstanceError):
        point.other = "b"  # type: ignore[attr-defined]
    assert not hasattr(point, "__dict__")


@pytest.mark.parametrize("change", [replace, dataclasses.replace])
def test_it_is_replaced_by_ours_and_by_the_standard_function(change: type) -> None:
    changed = change(Point(name="a", hidden="y", raw={"b": 1}), name="c")
    assert (changed.name, changed.hidden, changed.raw) == ("c", "y", {"b": 1})
    with pytest.raises(TypeError):
        change(changed, more=1)


def test_it_is_copied_and_pickled() -> None:
    point = Point(name="a", raw={"b": 1})
    for other in (copy.copy(point), copy.deepcopy(point), pickle.loads(pickle.dumps(point))):
        assert other == point
        assert other.raw == {"b": 1}


def test_to_the_standard_module_it_is_a_dataclass_that_can_be_built_upon() -> None:
    assert dataclasses.is_dataclass(Point)
    assert [each.name for each in dataclasses.fields(Point)] == [each.name for each in dataclasses.fields(Standard)]
    assert dataclasses.asdict(Point(name="a")) == dataclasses.asdict(Standard(name="a"))
    place = Place(name="a", where="here")
    assert repr(place) == "Place(name='a', scopes=(), where='here')"
    assert dataclasses.replace(place, name="b") == Place(name="b", where="here")


def test_what_it_does_not_do_is_refused_and_not_done_otherwise() -> None:
    with pytest.raises(TypeError, match="frozen"):
        dataclass(frozen=False, slots=True, kw_only=True)
    with pytest.raises(TypeError, match="base class"):
        dataclass(frozen=True, slots=True, kw_only=True)(type("Below", (Point,), {}))


def test_opening_the_store_imports_neither_dataclasses_nor_inspect(child_environ: dict[str, str]) -> None:
    code = """
        import sys
        import loki_core
        with loki_core.open() as loki:
            loki.tokens.list()
        print({"dataclasses", "inspect"} & set(sys.modules))
    """
    assert run_python(code, env=child_environ).stdout == "set()\n"
