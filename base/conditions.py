"""The WHERE conditions of a paged query and their parameters.

Only the filters in use appear in the SQL text, so that the planner can choose an index for them; values are always
bound by parameter, whatever they are.
"""


class Conditions:
    """Conditions joined by AND, their parameters numbered after those that the statement has itself."""

    def __init__(self, parameters: int) -> None:
        self.values: list[object] = []
        self._offset = parameters
        self._parts: list[str] = []

    @property
    def text(self) -> str:
        """All of them; true without any."""
        return " and ".join(self._parts) or "true"

    def one_of(self, column: str, values: frozenset[str] | None) -> None:
        """Ask for one of the values; None asks for nothing."""
        if values is not None:
            self.add(f"{column} = any (%s::text[])", sorted(values))

    def add(self, condition: str, *values: object) -> None:
        """Ask for a condition of ours, each %s in it standing for a value."""
        self._parts.append(condition % tuple(self.parameter(value) for value in values))

    def parameter(self, value: object) -> str:
        """The name of a new parameter that holds the value."""
        self.values.append(value)
        return f"${self._offset + len(self.values)}"
