"""Building the inputs of mutations: the names and types of their fields are looked up once, not for each value."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from strawberry.relay import GlobalID
from strawberry.scalars import is_scalar
from strawberry.types.arguments import InputContext
from strawberry.types.base import StrawberryOptional

_Input = TypeVar("_Input")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fields:
    """The fields of an input: each with its name in the schema, in Python and, where it must be converted, its type."""

    plain: tuple[tuple[str, str], ...]
    others: tuple[tuple[str, str, Any], ...]


def built_by_plan(type_: type[_Input]) -> type[_Input]:
    """Let Strawberry build values of an input type by a list of its fields that is made at the first of them.

    The values are those that Strawberry makes itself. For inputs that come in hundreds.
    """
    type_.__strawberry_definition__.from_input = _builder()  # type: ignore[attr-defined]
    return type_


def _builder() -> Callable[[type, Mapping[str, Any], InputContext], Any]:
    known: _Fields | None = None

    def build(type_: type, given: Mapping[str, Any], context: InputContext) -> Any:
        nonlocal known
        if known is None:
            known = _fields(type_, context)
        values = {name: given[told] for told, name in known.plain if told in given}
        for told, name, converted_to in known.others:
            if told in given:
                values[name] = context.convert(given[told], converted_to, told)
        return type_(**values)

    return build


def _fields(type_: type, context: InputContext) -> _Fields:
    definition = type_.__strawberry_definition__  # type: ignore[attr-defined]
    plain, others = [], []
    for each in definition.fields:
        told, name = context.config.name_converter.from_field(each), each.python_name
        resolved = each.resolve_type(type_definition=definition)
        scalar = resolved.of_type if type(resolved) is StrawberryOptional else resolved
        if is_scalar(scalar, context.scalar_registry) and scalar is not GlobalID:
            plain.append((told, name))
        else:
            others.append((told, name, resolved))
    return _Fields(plain=tuple(plain), others=tuple(others))
