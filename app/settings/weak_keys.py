"""Detecting guessable secrets: a key typed by a person, or copied from an example, gives no protection.

Anybody who holds one token can try keys against its signature, as fast as their machines go. So production refuses keys
that are likely to be tried. The check finds careless choices; it cannot prove that a key is random.
"""

from collections import Counter
from math import log2

_LEAST_BITS = 96
_KNOWN_WORDS = (
    "secret",
    "password",
    "changeme",
    "change-me",
    "change_me",
    "example",
    "0123456789",
    "abcdefgh",
)


def weakness(key: str) -> str | None:
    """Say why a key is guessable, without showing any of it; None for one that looks random."""
    if any(word in key.lower() for word in _KNOWN_WORDS):
        return "holds a word or a sequence of examples"
    if key in (key + key)[1:-1]:
        return "repeats itself"
    if _bits(key) < _LEAST_BITS:
        return "has too little variety"
    return None


def _bits(key: str) -> float:
    """Bits of Shannon entropy, by how often each character occurs; about 112 for 32 random hexadecimal digits."""
    counts = Counter(key).values()
    return -sum(count * log2(count / len(key)) for count in counts)
