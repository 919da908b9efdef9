"""The relations of relatives to the customer, in words. Which are immediate family (直系亲属), the edition defines."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from handbook import Relation


class RelationWords(NamedTuple):
    """A relation in Chinese and English; `en_many` is the English plural."""

    zh: str
    en: str
    en_many: str


RELATION_WORDS: Mapping[Relation, RelationWords] = {
    Relation.SPOUSE: RelationWords("配偶", "spouse", "spouse"),
    Relation.PARENT: RelationWords("父母", "parent", "parents"),
    Relation.CHILD: RelationWords("子女", "child", "children"),
    Relation.SIBLING: RelationWords("兄弟姐妹", "sibling", "siblings"),
    Relation.GRANDPARENT: RelationWords("祖父母", "grandparent", "grandparents"),
    Relation.GRANDCHILD: RelationWords("孙子女", "grandchild", "grandchildren"),
    Relation.OTHER: RelationWords("其他亲属", "other relative", "other relatives"),
}


def family_facts(family: Iterable[Relation]) -> dict[str, str]:
    """The members of a family as the facts `family_zh` and `family_en` of a message, in the edition's order."""
    words = [RELATION_WORDS[relation] for relation in family]
    return {
        "family_zh": "、".join(each.zh for each in words),
        "family_en": ", ".join(each.en_many for each in words),
    }
