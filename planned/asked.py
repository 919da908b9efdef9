"""A field as a document asks for it: what graphql-core passes around as four arguments."""

from dataclasses import dataclass

from graphql import FieldNode, GraphQLField, GraphQLObjectType
from graphql.execution.collect_fields import FieldDetails


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Asked:
    """A field of an object type under a response name; `details` are all its mentions, merged into one answer."""

    key: str
    definition: GraphQLField
    parent: GraphQLObjectType
    details: list[FieldDetails]
    nodes: list[FieldNode]

    @property
    def name(self) -> str:
        """The field's name in the schema."""
        return self.nodes[0].name.value
