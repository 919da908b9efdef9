"""How an enumeration of the packages below becomes one of the API's."""

from collections.abc import Callable
from enum import Enum
from typing import TypeVar

import strawberry
from strawberry.types.enum import StrawberryEnumDefinition

from base.words import Words

_Value = TypeVar("_Value", bound=Enum)
_Meaning = Callable[[_Value], str]


def published(
    enum: type[_Value], description: str, name: str | None = None
) -> Callable[[_Meaning[_Value]], _Meaning[_Value]]:
    """Publish an enumeration; the decorated function tells what each value means to clients."""

    def publish(meaning: _Meaning[_Value]) -> _Meaning[_Value]:
        strawberry.enum(enum, name=name, description=description)
        definition: StrawberryEnumDefinition = vars(enum)["__strawberry_definition__"]
        for value in definition.values:
            value.description = meaning(enum[value.name])
        return meaning

    return publish


def sentence(words: Words) -> str:
    """Return words of both languages as one meaning, like: Lapsed 失效."""
    return f"{words.en.capitalize()} {words.zh}."
