"""The relations of relatives to the customer, in words. Which are immediate family (直系亲属), the edition defines."""

from collections.abc import Iterable
from typing import NamedTuple, assert_never

from handbook import Relation


class RelationWords(NamedTuple):
    """A relation in Chinese and English; `en_many` is the English plural."""

    zh: str
    en: str
    en_many: str


def relation_words(relation: Relation) -> RelationWords:
    """The words of a relation."""
    match relation:
        case Relation.SPOUSE:
            return RelationWords("配偶", "spouse", "spouse")
        case Relation.PARENT:
            return RelationWords("父母", "parent", "parents")
        case Relation.CHILD:
            return RelationWords("子女", "child", "children")
        case Relation.SIBLING:
            return RelationWords("兄弟姐妹", "sibling", "siblings")
        case Relation.GRANDPARENT:
            return RelationWords("祖父母", "grandparent", "grandparents")
        case Relation.GRANDCHILD:
            return RelationWords("孙子女", "grandchild", "grandchildren")
        case Relation.OTHER:
            return RelationWords("其他亲属", "other relative", "other relatives")
        case _:
            assert_never(relation)


def family_facts(family: Iterable[Relation]) -> dict[str, str]:
    """The members of a family as the facts `family_zh` and `family_en` of a message, in the edition's order."""
    words = [relation_words(relation) for relation in family]
    return {
        "family_zh": "、".join(each.zh for each in words),
        "family_en": ", ".join(each.en_many for each in words),
    }
