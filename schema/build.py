"""Building the schema, and checking it against the permission table."""

from graphql import GraphQLInputObjectType, GraphQLObjectType, GraphQLSchema, Undefined
from strawberry.schema.config import StrawberryConfig

from planned import PlanCache
from schema.execution import EntitlementsSchema
from schema.mutations.mutation import Mutation
from schema.permissions import check_table
from schema.queries.query import Query
from schema.refused import note_refusals
from schema.scalars import SCALARS
from schema.weights import Weights, weights


def build_schema(
    *, introspection: bool = True, table: Weights | None = None, plans: PlanCache | None = None
) -> EntitlementsSchema:
    """Build the schema, with or without `introspection`; operations cost by the table of weights, and run by `plans`.

    Raises ValueError when the permission table does not name every guarded field.
    """
    schema = EntitlementsSchema(
        query=Query,
        mutation=Mutation,
        config=StrawberryConfig(scalar_map=SCALARS),
        table=weights() if table is None else table,
        introspection=introspection,
        plans=plans,
    )
    _drop_null_defaults(schema.core)
    check_table(schema.core)
    note_refusals(schema.core)
    return schema


def _drop_null_defaults(schema: GraphQLSchema) -> None:
    """Publish optional inputs without "= null": leaving one out and sending null mean the same here."""
    for named in schema.type_map.values():
        inputs = list(named.fields.values()) if isinstance(named, GraphQLInputObjectType) else []
        if isinstance(named, GraphQLObjectType):
            inputs += [argument for field in named.fields.values() for argument in field.args.values()]
        for each in inputs:
            if each.default_value is None:
                each.default_value = Undefined


def sdl(schema: EntitlementsSchema) -> str:
    """The schema in GraphQL's own language, in a stable order, ending with a line break."""
    return schema.as_str().rstrip() + "\n"
