"""When a service is open: its hours, on every day or on working days, in the business time zone. Pure.

In a year whose holidays are not known, only the time of day is checked: the doubt is in the customer's favour.
"""

from datetime import date, datetime, timedelta

from base.words import Words
from handbook import BUSINESS_ZONE, Days, Hours, WorkingCalendar

_DAY = timedelta(days=1)


def is_open(hours: Hours, moment: datetime, working_days: WorkingCalendar) -> bool:
    """Whether `moment` lies within the hours: from the first minute to before the last."""
    local = moment.astimezone(BUSINESS_ZONE)
    in_time = hours.from_ <= local.time() and (hours.to is None or local.time() < hours.to)
    return in_time and _opens_on(hours, local.date(), working_days)


def next_opening(hours: Hours, moment: datetime, working_days: WorkingCalendar) -> datetime:
    """The first moment from `moment` on, in the business time zone, at which the service opens."""
    local = moment.astimezone(BUSINESS_ZONE)
    day = local.date()
    if local.time() > hours.from_:
        day += _DAY
    while not _opens_on(hours, day, working_days):
        day += _DAY
    return datetime.combine(day, hours.from_, tzinfo=BUSINESS_ZONE)


def hours_in_words(hours: Hours) -> Words:
    """When something is served, as people write it: 工作日 9:00–18:00."""
    if hours.always:
        return Words("7×24 小时", "around the clock, every day")
    until = f"{hours.to:%-H:%M}" if hours.to is not None else "24:00"
    days = {Days.DAILY: Words("每日", "daily"), Days.WORKING_DAYS: Words("工作日", "on working days")}[
        hours.days
    ]
    span = f"{hours.from_:%-H:%M}–{until}"
    return Words(f"{days.zh} {span}", f"{days.en} {span}")


def _opens_on(hours: Hours, day: date, working_days: WorkingCalendar) -> bool:
    if hours.days is Days.DAILY or not working_days.knows(day.year):
        return True
    return working_days.is_working_day(day)
