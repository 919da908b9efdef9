"""The processor time of each field of the schema, as data: `weights.yaml`, written by `python -m bench.weights`.

All times are microseconds of the process's own processor time; what the database does meanwhile is not in them. They
hold for the machine that they were measured on, and for its demo portfolio: elsewhere they are a scale.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

FILE = Path(__file__).with_name("weights.yaml")
TYPENAME = "__typename"
OPERATION = "operation"
"""The fixed time of every operation: before its first field, and for sending."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldWeight:
    """The time that a field takes: once each time a document selects it, for each object that has it, and for each row.

    Rows are the rows of its page or list, or the items of the argument that it has one row for. `length` is the number
    of objects in its list, or the name of the argument with as many items; None: it is no list of objects, or it is a
    page, whose length is `first`.
    """

    each_us: float
    row_us: float = 0
    once_us: float = 0
    length: float | str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """The weights by "Type.field"; those of `dearer` hold where the argument of that name is given.

    Input objects count wherever they stand in a value: by `inputs`, those that it does not name by `input_us`.
    """

    fields: Mapping[str, FieldWeight]
    dearer: Mapping[str, Mapping[str, FieldWeight]]
    inputs: Mapping[str, float]
    input_us: float
    value_us: float
    """For every value within an argument."""

    def input(self, type_name: str) -> float:
        """The weight of an input object, without its values."""
        return self.inputs.get(type_name, self.input_us)


@cache
def weights() -> Weights:
    """The weights as committed."""
    return weights_of(yaml.safe_load(FILE.read_text(encoding="utf-8")))


def weights_of(table: Mapping[str, Any]) -> Weights:
    """The weights from a table."""
    fields: dict[str, FieldWeight] = {}
    dearer: dict[str, dict[str, FieldWeight]] = {}
    for type_name, of_type in table["types"].items():
        for key, entry in of_type.items():
            field, _, argument = key.partition("(")
            name = f"{type_name}.{field}"
            if argument:
                dearer.setdefault(name, {})[argument.rstrip(")")] = _field_weight(entry)
            else:
                fields[name] = _field_weight(entry)
    for name in (TYPENAME, OPERATION):
        fields[name] = _field_weight(table[name])
    return Weights(
        fields=fields, dearer=dearer, inputs=table["inputs"], input_us=table["input"], value_us=table["value"]
    )


def _field_weight(entry: Any) -> FieldWeight:
    if isinstance(entry, int | float):
        return FieldWeight(each_us=entry)
    return FieldWeight(
        each_us=entry["each"],
        row_us=entry.get("row", 0),
        once_us=entry.get("once", 0),
        length=entry.get("length"),
    )
