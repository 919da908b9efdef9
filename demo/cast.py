"""The cast: the first members of the portfolio, each of whom shows one thing.

| number | star | what it shows |
|---|---|---|
| M00001 | 5 | the full card: family, an open appointment, every kind of benefit, per policy too |
| M00002 | 4 | benefits per policy; a group policy carries none |
| M00003 | 3 | monthly instalments at the lower bound; minutes in parts; a missed appointment |
| M00004 | 2 | quarterly instalments; evidence missing, then there; a reversal; an appointment kept |
| M00005 | 1 | semi-annual instalments at the lower bound; two of three uses; a call told late, two calls alike |
| M00006 | 0 | one yuan short of the first star |
| M00007 | 0, then 2 | cooling-off is running: the first star is ahead |
| M00008 | 0 | cancelled within the cooling-off period |
| M00009 | 3 | lapsed and reinstated: no new allowance, a new waiting period |
| M00010 | 3 → 0 | lapsed; an appointment from before is honoured |
| M00011 | 4 → 2 | a surrender with used units: remaining is 0, nothing is clawed back |
| M00012 | 2 → 3 | a premium increase: used units count on |
| M00013 | 3, then 1 | a single premium whose two years end soon; an appointment that ran out |
| M00014 | 2 | single premiums of every class, and a top-up |
| M00015 | 1 | a one-year policy with renewals and a gap |
| M00016 | 3 → 2 | reduced paid-up, premium waived; a use posted late |
| M00017 | 3 → 2 | a correction that came 50 days late: ask as known before |
| M00018 | 3 | the family shares; a sibling does not |
| M00019 | 4 | two waiting periods are running |
| M00020 | 2 | service years since a 29 February |
| M00021 | 1 | a group policy and one of less than a year count nothing |
| M00022 | 3 → 2 | a premium reduction, a rider that ended; a reversal by finance |
| M00023 | 2 → 0 | terminated by its claim |
| M00024 | 3 | a service year that has just begun; minutes held and confirmed in part |
"""

from collections.abc import Callable

from demo import standing, turns
from demo.diaries import Diary
from demo.histories import History

Story = Callable[[History, Diary], None]

CAST: tuple[Story, ...] = (
    standing.five_stars,
    standing.four_stars,
    standing.three_stars,
    standing.two_stars,
    standing.one_star,
    standing.no_star,
    standing.star_ahead,
    turns.cancelled,
    turns.reinstated,
    turns.lapsed,
    turns.fallen,
    turns.risen,
    turns.fall_ahead,
    standing.single_premiums,
    standing.one_year_policy,
    turns.paid_up_and_waived,
    turns.corrected,
    standing.family,
    standing.waiting,
    standing.leap_day,
    standing.group_and_short,
    turns.reduced,
    turns.terminated,
    standing.new_service_year,
)
"""In the order of their numbers, from 1."""
