"""Text in Chinese and English: every message exists in both languages.

Members and staff read Chinese, developers and auditors often English. Both are written in one value, so that neither
language falls behind.
"""

from typing import NamedTuple


class Words(NamedTuple):
    """The same sentence in Chinese and in English."""

    zh: str
    en: str

    def spoken(self, language: str) -> str:
        """Return the text in `language`: English for "en", Chinese (the default language) for everything else."""
        return self.en if language == "en" else self.zh

    def as_sentence(self) -> "Words":
        """Return the same words beginning and ending as a sentence does."""
        return Words(f"{self.zh}。", f"{self.en[:1].upper()}{self.en[1:]}.")


def counted(number: int, one: str, many: str = "", *, form: str = "d") -> str:
    """Return a number with its noun, in English: 1 line, 2 lines; `many` where an -s is not enough.

    `form` is how the number is written.
    """
    return f"{number:{form}} {one if number == 1 else many or one + 's'}"
