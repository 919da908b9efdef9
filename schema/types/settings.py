"""The numbers that the print leaves open and an edition decides. Read straight off `handbook.values`."""

import strawberry
from strawberry.utils.str_converters import to_camel_case

from handbook import values
from schema.types.enums import Relation


@strawberry.type(description="The source of a setting.")
class SettingCite:
    setting: str = strawberry.field(description="The setting, as the API spells it, like backdatingDays.")
    cite: str = strawberry.field(description="The clause (in quotation marks) or the reading behind it.")


@strawberry.type(
    description="The settings that the print leaves open and an edition decides: requests are judged by them."
)
class HandbookSettings:
    backdating_days: int = strawberry.field(
        description="By how many days, counted back from today, `occurredAt` of a use may lie in the past. The "
        "reference of a statement's line names a delivery within as many days of the line's own day."
    )
    default_hold_hours: int = strawberry.field(
        description="How long a hold lasts by default, in hours, where no service level is printed."
    )
    max_hold_hours: int = strawberry.field(description="The maximum of `holdHours`, in hours.")
    max_units_per_redemption: int = strawberry.field(
        description="The maximum of units in one redemption or hold."
    )
    cooling_off_days_long: int = strawberry.field(
        description="Days of cooling-off of a long-term policy that names no last day itself."
    )
    cooling_off_days_one_year: int = strawberry.field(
        description="Days of cooling-off of a one-year policy that names no last day itself."
    )

    @strawberry.field(
        description="The relatives who may use a benefit that is `familyShared`, if registered before the use."
    )
    @staticmethod
    def immediate_family(settings: strawberry.Parent[values.Settings]) -> list[Relation]:
        return list(settings.immediate_family)

    @strawberry.field(description="The sources of the settings.")
    @staticmethod
    def cites(settings: strawberry.Parent[values.Settings]) -> list[SettingCite]:
        return [SettingCite(setting=to_camel_case(setting), cite=cite) for setting, cite in settings.cites]
