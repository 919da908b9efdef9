"""How a field gets its value: by reading an attribute, by calling its function, or as graphql-core would.

Strawberry wraps the function of each field: for each call the wrapper converts the arguments, chains the extensions and
makes an `Info`. Where a field has none of these, its function is called directly. Strawberry's wrappers are recognised
by their code; one that somebody has wrapped again, or that is not known, is called as it is.
"""

from collections.abc import Callable
from inspect import isasyncgenfunction
from typing import Any, TypeAlias

from graphql import GraphQLField, GraphQLSchema
from strawberry.schema import schema_converter
from strawberry.types.arguments import convert_arguments
from strawberry.types.field import StrawberryField
from strawberry.types.fields.resolver import StrawberryResolver

from planned.arguments import Arguments, arguments_of, unchangeable
from planned.asked import Asked
from planned.places import Place
from planned.running import Running

Resolve: TypeAlias = Callable[[Running, Any, Place], Any]
"""The value of a field of an object, at the field's place: perhaps an awaitable. Raises what resolvers raise."""

_CONVERTER_FILE = schema_converter.__file__
_RESOLVER_CALL = StrawberryResolver.__call__
_BACKREF = schema_converter.GraphQLCoreConverter.DEFINITION_BACKREF


def attribute_of(definition: GraphQLField) -> str | None:
    """The attribute that the field is, if reading it is all that its resolver does."""
    field = _field_of(definition)
    if (
        field is None
        or _code_of(definition.resolve) != "_get_basic_result"
        or not field.is_basic_field
        or type(field).get_result is not StrawberryField.get_result
        or field.default_resolver is not getattr
        or "." in field.python_name
    ):
        return None
    return field.python_name


def resolver_of(asked: Asked, schema: GraphQLSchema) -> Resolve:
    """What resolves a field."""
    attribute = attribute_of(asked.definition)
    if attribute is not None:
        return lambda _run, source, _place: getattr(source, attribute)
    arguments = arguments_of(asked)
    general = _as_graphql_core(asked, arguments)
    field = _field_of(asked.definition)
    if (
        field is not None
        and _is_plain_function(asked.definition, field)
        and hasattr(schema, "_strawberry_schema")
    ):
        return _Function(asked, field, schema, arguments, general).resolver()
    return general


def _as_graphql_core(asked: Asked, arguments: Arguments | None) -> Resolve:
    resolve = asked.definition.resolve

    def resolver(run: Running, source: Any, place: Place) -> Any:
        given = arguments(run) if arguments is not None else {}
        return (resolve or run.field_resolver)(source, run.info(asked, place), **given)

    return resolver


class _Function:
    """A field whose resolver is a function without anything around it."""

    def __init__(
        self,
        asked: Asked,
        field: StrawberryField,
        schema: GraphQLSchema,
        arguments: Arguments | None,
        general: Resolve,
    ) -> None:
        strawberry = schema._strawberry_schema  # type: ignore[attr-defined]  # noqa: SLF001 - as Strawberry does
        resolver: Any = field.base_resolver
        wrapped = resolver.wrapped_func
        self._asked = asked
        self._field = field
        self._converter = strawberry.schema_converter
        self._arguments = arguments
        self._general = general
        self._call: Callable[..., Any] = wrapped.__func__ if isinstance(wrapped, staticmethod) else wrapped
        self._first = bool(resolver.self_parameter)
        parameters = (resolver.parent_parameter, resolver.root_parameter)
        self._sources = tuple({each.name for each in parameters if each})
        self._info_name: str | None = resolver.info_parameter.name if resolver.info_parameter else None

    def resolver(self) -> Resolve:
        """What calls the function."""
        if self._arguments is not None:
            return self._with_arguments(self._arguments)
        if self._info_name is not None:
            return self._with_info(self._info_name)
        call, sources = self._call, self._sources
        if self._first and not sources:
            return lambda _run, source, _place: call(source)
        if not self._first and len(sources) == 1:
            (name,) = sources
            return lambda _run, source, _place: call(**{name: source})
        return lambda _run, source, _place: self._called(source, {})

    def _with_info(self, name: str) -> Resolve:
        call, asked, field = self._call, self._asked, self._field
        info_class: Any = self._converter.config.info_class
        if self._first and not self._sources and name == "info":
            return lambda run, source, place: call(
                source, info=info_class(_raw_info=run.info(asked, place), _field=field)
            )
        return lambda run, source, place: self._called(
            source, {name: info_class(_raw_info=run.info(asked, place), _field=field)}
        )

    def _with_arguments(self, arguments: Arguments) -> Resolve:
        asked, name, field = self._asked, self._info_name, self._field
        info_class: Any = self._converter.config.info_class
        converted_of = self._converted(arguments)

        def resolver(run: Running, source: Any, place: Place) -> Any:
            converted = converted_of(run)
            if converted is None:
                return self._general(run, source, place)
            if name is not None:
                converted[name] = info_class(_raw_info=run.info(asked, place), _field=field)
            return self._called(source, converted)

        return resolver

    def _converted(self, arguments: Arguments) -> "Callable[[Running], dict[str, Any] | None]":
        """The arguments as the function takes them; None where they cannot be converted to that."""
        field, converter = self._field, self._converter
        key = self._asked

        def converted(run: Running) -> dict[str, Any] | None:
            known = run.converted.get(key)
            if known is not None:
                return known.copy()
            values = arguments(run)
            try:
                found = convert_arguments(
                    values, field.arguments, converter.scalar_registry, converter.config, None
                )
            except Exception:  # noqa: BLE001 - raised again by Strawberry itself, at the moment that it does
                return None
            if unchangeable(values) and unchangeable(found):
                run.converted[key] = found
                return found.copy()
            return found

        return converted

    def _called(self, source: Any, given: dict[str, Any]) -> Any:
        for name in self._sources:
            given[name] = source
        return self._call(source, **given) if self._first else self._call(**given)


def _field_of(definition: GraphQLField) -> StrawberryField | None:
    field = (definition.extensions or {}).get(_BACKREF)
    return field if isinstance(field, StrawberryField) else None


def _code_of(resolve: Any) -> str | None:
    """The name of Strawberry's wrapper, if the resolver is one of them."""
    code = getattr(resolve, "__code__", None)
    return code.co_name if code is not None and code.co_filename == _CONVERTER_FILE else None


def _is_plain_function(definition: GraphQLField, field: StrawberryField) -> bool:
    """Whether Strawberry's wrapper does no more than to convert the arguments and to call the function."""
    resolver: Any = field.base_resolver
    if (
        _code_of(definition.resolve) not in {"_resolver", "_async_resolver"}
        or _closure(definition.resolve).get("field_exception_handlers") != ()
        or resolver is None
        or field.extensions
        or type(field).get_result is not StrawberryField.get_result
        or type(resolver).__call__ is not _RESOLVER_CALL
    ):
        return False
    function = resolver.wrapped_func
    function = function.__func__ if isinstance(function, staticmethod) else function
    return callable(function) and not isasyncgenfunction(function) and not _takes_input_context(field)


def _takes_input_context(field: StrawberryField) -> bool:
    """Whether an argument builds itself, and may look at the `Info` while it does."""
    return any(_builds_itself(each.type, frozenset()) for each in field.arguments)


def _builds_itself(type_: Any, within: frozenset[int]) -> bool:
    while hasattr(type_, "of_type"):
        type_ = type_.of_type
    if hasattr(type_, "resolve_type") and not hasattr(type_, "__strawberry_definition__"):
        return _builds_itself(type_.resolve_type(), within)
    definition = getattr(type_, "__strawberry_definition__", None)
    if definition is None or not getattr(definition, "is_input", False) or id(type_) in within:
        return False
    if definition.from_input is not None:
        return True
    return any(
        _builds_itself(each.resolve_type(type_definition=definition), within | {id(type_)})
        for each in definition.fields
    )


def _closure(function: Any) -> dict[str, Any]:
    cells = function.__closure__ or ()
    return {name: cell.cell_contents for name, cell in zip(function.__code__.co_freevars, cells, strict=True)}
