"""Frozen, slotted, keyword-only dataclasses that cost a start a tenth of the standard ones.

The forty classes that `loki_core.open()` needs took a third of its time: the standard decorator compiles seven methods
for each, and its module imports `inspect`. Here one method is compiled, the others are shared closures. Type checkers
see the standard module, and to `dataclasses.fields`, `replace` and subclasses with the standard decorator these classes
are dataclasses: what those need is built when it is first asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

__all__ = ["dataclass", "field", "replace"]

_MISSING: Any = object()


class _Field:
    """How one field differs from the ordinary: its default factory, whether it is shown and compared."""

    __slots__ = ("compare", "default", "default_factory", "repr")

    def __init__(
        self,
        *,
        default: Any = _MISSING,
        default_factory: Any = _MISSING,
        repr: bool = True,  # noqa: A002 - the standard module's name
        compare: bool = True,
    ) -> None:
        self.default = default
        self.default_factory = default_factory
        self.repr = repr
        self.compare = compare


class _StandardFields:
    """Stands for `__dataclass_fields__` and `__dataclass_params__` until somebody asks for them."""

    __slots__ = ("_annotations", "_fields", "_name")

    def __init__(self, name: str, annotations: dict[str, Any], fields: dict[str, _Field]) -> None:
        self._name = name
        self._annotations = annotations
        self._fields = fields

    def __get__(self, instance: object, owner: type) -> Any:
        import dataclasses

        namespace: dict[str, Any] = {
            "__annotations__": self._annotations,
            "__doc__": "",
            "__module__": owner.__module__,
        }
        for name, found in self._fields.items():
            given = {key: getattr(found, key) for key in ("default", "default_factory")}
            given = {key: value for key, value in given.items() if value is not _MISSING}
            namespace[name] = dataclasses.field(repr=found.repr, compare=found.compare, **given)
        standard: Any = dataclasses.dataclass(frozen=True, kw_only=True)(type(owner.__name__, (), namespace))
        return getattr(standard, self._name)


def _dataclass(*, frozen: bool, slots: bool, kw_only: bool) -> Callable[[type], type]:
    if not (frozen and slots and kw_only):
        raise TypeError("only frozen, slotted, keyword-only dataclasses are made here")
    return _make


def _make(cls: type) -> type:
    if cls.__bases__ != (object,):
        raise TypeError(f"{cls.__name__} has a base class: use the standard dataclass")
    namespace = dict(cls.__dict__)
    annotations: dict[str, Any] = namespace.get("__annotations__", {})
    fields: dict[str, _Field] = {}
    for name in annotations:
        default = namespace.pop(name, _MISSING)
        fields[name] = default if isinstance(default, _Field) else _Field(default=default)
    names = tuple(fields)
    for name in ("__dict__", "__weakref__"):
        namespace.pop(name, None)
    namespace |= _share_methods(names, fields)
    for name in ("__dataclass_fields__", "__dataclass_params__"):
        namespace[name] = _StandardFields(name, annotations, fields)
    made = type(cls)(cls.__name__, (), {**namespace, "__slots__": names, "__match_args__": ()})
    made.__qualname__ = cls.__qualname__
    made.__init__ = _compile_init(made, fields)  # type: ignore[misc]
    return made


def _compile_init(cls: type, fields: dict[str, _Field]) -> Any:
    known: dict[str, Any] = {"_missing": _MISSING}
    parameters, body = [], []
    for name, found in fields.items():
        known[f"_set_{name}"] = cls.__dict__[name].__set__
        value = name
        if found.default_factory is not _MISSING:
            known[f"_make_{name}"] = found.default_factory
            parameters.append(f"{name}=_missing")
            value = f"_make_{name}() if {name} is _missing else {name}"
        elif found.default is not _MISSING:
            known[f"_default_{name}"] = found.default
            parameters.append(f"{name}=_default_{name}")
        else:
            parameters.append(name)
        body.append(f" _set_{name}(self, {value})\n")
    source = f"def __init__(self, *, {', '.join(parameters)}):\n{''.join(body)}"
    exec(source, known)  # noqa: S102 - made of the names of our own fields, as the standard module does
    init = known["__init__"]
    init.__qualname__ = f"{cls.__qualname__}.__init__"
    init.__module__ = cls.__module__
    return init


def _share_methods(names: tuple[str, ...], fields: dict[str, _Field]) -> dict[str, Any]:
    shown = tuple(name for name in names if fields[name].repr)
    compared = tuple(name for name in names if fields[name].compare)

    def __repr__(self: Any) -> str:  # noqa: N807
        values = ", ".join(f"{name}={getattr(self, name)!r}" for name in shown)
        return f"{type(self).__qualname__}({values})"

    def __eq__(self: Any, other: object) -> Any:  # noqa: N807
        if type(other) is not type(self):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in compared)

    def __hash__(self: Any) -> int:  # noqa: N807
        return hash(tuple([getattr(self, name) for name in compared]))

    def __setattr__(self: Any, name: str, value: object) -> None:  # noqa: N807
        raise _refuse("assign to", name)

    def __delattr__(self: Any, name: str) -> None:  # noqa: N807
        raise _refuse("delete", name)

    def __getstate__(self: Any) -> list[Any]:  # noqa: N807
        return [getattr(self, name) for name in names]

    def __setstate__(self: Any, state: list[Any]) -> None:  # noqa: N807
        for name, value in zip(names, state, strict=True):
            object.__setattr__(self, name, value)

    methods = (__repr__, __eq__, __hash__, __setattr__, __delattr__, __getstate__, __setstate__)
    return {method.__name__: method for method in methods}


def _refuse(what: str, name: str) -> Exception:
    from dataclasses import FrozenInstanceError

    return FrozenInstanceError(f"cannot {what} field {name!r}")


def _replace(instance: Any, /, **changes: Any) -> Any:
    values = {name: getattr(instance, name) for name in instance.__slots__}
    return type(instance)(**{**values, **changes})


if TYPE_CHECKING:
    from dataclasses import dataclass, field, replace
else:
    dataclass, field, replace = _dataclass, _Field, _replace
