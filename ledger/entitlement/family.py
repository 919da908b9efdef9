"""Which relatives a benefit covers, by the same rule as the redemption. Pure."""

from collections.abc import Iterable
from datetime import date

from handbook import Handbook
from ledger.entitlement.account import Account
from ledger.entitlement.case import Case
from ledger.entitlement.rules import beneficiary_is_covered
from rating.history import Relative


def covered_relatives(
    relatives: Iterable[Relative], benefit: str, day: date, handbook: Handbook
) -> frozenset[str]:
    """The ids of those whom a benefit covers on a day: registered immediate family, if the family shares it."""
    known = {relative.relative_id: relative for relative in relatives}
    # The rule looks only at relatives: the star plays no part here.
    account = Account(customer_id=0, member_no="", spans=(), relatives=known)
    return frozenset(
        relative_id
        for relative_id in known
        if beneficiary_is_covered(
            Case(
                account=account,
                handbook=handbook,
                today=day,
                day=day,
                benefit_code=benefit,
                beneficiary=relative_id,
            )
        )
        is None
    )
