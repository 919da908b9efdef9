"""The words of each decision, for files and for the API. A decision without words does not type-check."""

from typing import NamedTuple, assert_never

from base.words import Words
from ledger.reconciliation.values import Action


class ActionWords(NamedTuple):
    """The name of a decision for people, and what it means to clients of the API."""

    name: Words
    meaning: str


def action_words(action: Action) -> ActionWords:
    """The words of a decision."""
    match action:
        case Action.MATCH:
            return ActionWords(
                Words("配对", "match"),
                "The line is matched by hand with a delivery, and paid as far as both bear it out.",
            )
        case Action.ACCEPT:
            return ActionWords(
                Words("接受", "accept"),
                "The finding stands: what both the statement and the ledger support is paid.",
            )
        case Action.DISPUTE:
            return ActionWords(
                Words("争议", "dispute"),
                "Nothing is paid; when the period is closed, it is carried forward to a later one.",
            )
        case Action.REOPEN:
            return ActionWords(
                Words("撤销", "reopen"),
                "A decision is taken back: the finding is matched anew, and waits again.",
            )
        case _:
            assert_never(action)
