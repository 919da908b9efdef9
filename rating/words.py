"""Sentences in both languages: `handbook.words`, under the name by which rating and ledger know it."""

from handbook.words import Words, counted

__all__ = ["Words", "counted"]
