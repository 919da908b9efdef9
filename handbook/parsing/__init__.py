"""From the nodes of an edition's files to its values: what each key means, and which may be left out.

A number never comes without its clause: the keys that cite the print (`cite`, `printed`, `says`) are as compulsory as
the numbers beside them. What a value means together with others is judged afterwards, by `handbook.checks`.
"""

from handbook.parsing.benefits import UNLIMITED, benefits
from handbook.parsing.editions import EDITION_KEYS, EDITION_OPTIONAL_KEYS, edition, labels
from handbook.parsing.pieces import codes

__all__ = ["EDITION_KEYS", "EDITION_OPTIONAL_KEYS", "UNLIMITED", "benefits", "codes", "edition", "labels"]
