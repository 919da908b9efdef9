"""Noting the refusals of mutations for the log and the metrics, in one place for all mutations.

A refusal is data, so neither the HTTP status nor `errors` shows it.
"""

from collections.abc import Callable, Iterable
from typing import Any

from graphql import GraphQLResolveInfo, GraphQLSchema

from ledger.refusals import Refusal


def note_refusals(schema: GraphQLSchema) -> None:
    """Let each mutation note in the context (`refusals`) the codes that it answers with."""
    if schema.mutation_type is None:
        return
    for field in schema.mutation_type.fields.values():
        if field.resolve is not None:
            field.resolve = _noting(field.resolve)


def _noting(resolve: Callable[..., Any]) -> Callable[..., Any]:
    async def resolve_and_note(source: object, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
        answer = resolve(source, info, **arguments)
        if info.is_awaitable(answer):
            answer = await answer
        answers: Iterable[Any] = answer if isinstance(answer, list) else (answer,)
        info.context.refusals.extend(each.code for each in answers if isinstance(each, Refusal))
        return answer

    return resolve_and_note
