"""Roles of tokens and relations of relatives, each value with its meaning."""

from typing import assert_never

from base.words import Words
from handbook import Relation
from ledger.entitlement.relations import relation_words
from schema.context import Role
from schema.types.enums.publishing import published, sentence

__all__ = ["Relation", "Role"]


@published(Role, "What a token lets its bearer do.")
def _role(role: Role) -> str:
    match role:
        case Role.FRONTEND:
            return (
                "Reads what members may see, of any customer or, bound to a member number, of that one only."
            )
        case Role.VENDOR:
            return "Serves customers: looks one up, holds, redeems; reads its own redemptions and statements."
        case Role.FINANCE:
            return (
                "Reads customers, the ledger and vendors; reconciles statements, closes periods; may reverse."
            )
        case Role.OPERATIONS:
            return "Records policy events, registers vendors, reads everything."
        case Role.AUDITOR:
            return "Reads everything, changes nothing."
        case _:
            assert_never(role)


@published(
    Relation,
    (
        "What a relative is to the customer. Which of them are immediate family 直系亲属 is the edition's to "
        "say: see `HandbookSettings.immediateFamily`."
    ),
)
def _relation(relation: Relation) -> str:
    words = relation_words(relation)
    return sentence(Words(words.zh, words.en))
