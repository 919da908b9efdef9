"""What allowances count and when benefits are served, each value with its meaning."""

from typing import assert_never

from handbook import Days, Per, Unit
from schema.types.enums.publishing import published

__all__ = ["Days", "Per", "Unit"]


@published(Unit, "What an allowance counts.", name="AllowanceUnit")
def _unit(unit: Unit) -> str:
    match unit:
        case Unit.TIMES:
            return "Uses."
        case Unit.MINUTES:
            return "Minutes."
        case _:
            assert_never(unit)


@published(Per, "The scope of an allowance: it is given once for each.", name="AllowancePer")
def _per(per: Per) -> str:
    match per:
        case Per.SERVICE_YEAR:
            return "Each service year of the customer."
        case Per.MEMBERSHIP:
            return "The whole membership."
        case Per.POLICY:
            return "Each eligible policy."
        case _:
            assert_never(per)


@published(Days, "The days on which something is served.", name="ServiceDays")
def _days(days: Days) -> str:
    match days:
        case Days.DAILY:
            return "Every day."
        case Days.WORKING_DAYS:
            return "On Chinese working days."
        case _:
            assert_never(days)
