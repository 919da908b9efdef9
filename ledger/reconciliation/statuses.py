"""The words of the status of a statement and of a month, for files. One without words does not type-check."""

from typing import assert_never

from base.words import Words
from ledger.reconciliation.views import PeriodStatus, StatementStatus


def statement_status_words(status: StatementStatus) -> Words:
    """The name of a statement's status."""
    match status:
        case StatementStatus.OPEN:
            return Words("未关账", "open")
        case StatementStatus.CLOSED:
            return Words("已关账", "closed")
        case StatementStatus.WITHDRAWN:
            return Words("已撤回", "withdrawn")
        case _:
            assert_never(status)


def period_status_words(status: PeriodStatus) -> Words:
    """The name of a month's status: that of its statements which were not withdrawn."""
    return statement_status_words(StatementStatus(status.value))
