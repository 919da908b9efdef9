"""Members of the cast whose star does not change: each star, how premiums are counted, and who may use what.

Each function is the story of one member of the cast; what a reader should see is its docstring. Premiums are CNY a
year unless said; days are counted from the day the portfolio is made for.
"""

from calendar import isleap
from datetime import date
from itertools import count

from demo.contracts import DENTAL
from demo.diaries import Diary
from demo.histories import History
from demo.months import last_month, settled_month


def five_stars(member: History, diary: Diary) -> None:
    """Star 5 on two policies; family, an open appointment, something of everything in the current service year."""
    member.registered(member.years_ago(8, 270), "林嘉诚")
    first = member.issued(member.years_ago(8, 260), 300_000, design="participating")
    member.issued(member.years_ago(3, 100), 260_000, term=15, category="annuity")
    for relation in ("spouse", "child", "parent"):
        member.relative(relation, member.years_ago(3))
    diary.redeem("policy-cover", member.day(-140), policy_no=first)
    diary.redeem("health-assessment", member.day(-132))
    diary.redeem("dental-care", member.day(-121), beneficiary="child", option="child-fluoride")
    consulted = diary.redeem("legal-consultation", member.day(-97), units=20)
    diary.send_again(consulted)
    diary.redeem("life-bank", member.day(-88))
    diary.redeem("outpatient-escort", member.day(-63), beneficiary="parent")
    diary.redeem("medical-butler", member.day(-62))
    for days in (70, 41, 12):
        diary.redeem("family-doctor-phone", member.day(-days))
    diary.redeem("vip-line", member.day(-9))
    diary.redeem("physical-exam", member.day(-8), vendor=DENTAL)
    diary.hold("physical-exam", member.day(-3), hours=14 * 24)


def four_stars(member: History, diary: Diary) -> None:
    """Star 4: benefits given per policy, for the individual policies and not for the group one.

    A number is wished for before the third policy, and confirmed with it; for a policy that is there it is refused.
    """
    member.registered(member.years_ago(6, 240), "周雅琴")
    first = member.issued(member.years_ago(6, 240), 200_000, term=15)
    second = member.issued(member.years_ago(2, 200), 120_000, category="annuity", design="participating")
    group = member.issued(member.years_ago(2, 90), 50_000, category="medical", line="group")
    diary.redeem("policy-cover", member.day(-130), policy_no=first)
    diary.redeem("lucky-policy-number", member.day(-133), policy_no=second)
    wished = diary.hold("lucky-policy-number", member.day(-132), wished_number="Zhou8888", hours=20 * 24)
    third = member.issued(-120, 900, mode="single", coverage="under_one_year", category="accident")
    diary.confirm(wished, member.day(-118), policy_no=third)
    diary.redeem("policy-cover", member.day(-55), policy_no=group)
    diary.redeem("policy-cover", member.day(-54))
    diary.redeem("outpatient-green-channel", member.day(-33))


def three_stars(member: History, diary: Diary) -> None:
    """Star 3 at its lower bound by monthly instalments (12,500 × 12); minutes used in parts, then too many asked."""
    member.registered(member.years_ago(4, 230), "许文博")
    member.issued(member.years_ago(4, 230), 12_500, mode="monthly")
    diary.redeem("legal-consultation", member.day(-90), units=25)
    diary.redeem("legal-consultation", member.day(-58), units=20)
    diary.redeem("legal-consultation", member.day(-22), units=30)
    diary.redeem("outpatient-escort", member.day(-18))
    missed = diary.hold("physical-exam", member.day(-80), hours=240)
    diary.no_show(missed, member.day(-75), "客户未到场")


def two_stars(member: History, diary: Diary) -> None:
    """Star 2 by quarterly instalments (15,000 × 4): what was forgotten at first is given then; a use is reversed."""
    member.registered(member.years_ago(5, 250), "何慧")
    member.issued(member.years_ago(5, 250), 15_000, mode="quarterly", term=15, category="critical_illness")
    diary.redeem("dental-care", member.day(-112))
    wrong = diary.redeem("dental-care", member.day(-110), option="adult-cleaning")
    diary.reverse(wrong, member.day(-109), "登记错人")
    diary.reverse(wrong, member.day(-108), "登记错人")
    diary.redeem("critical-surgery-admission", member.day(-66), option="surgery")
    diary.redeem("critical-surgery-admission", member.day(-65), option="surgery", evidence="admission-slip")
    booked = diary.hold("physical-exam", member.day(-40), hours=240)
    diary.confirm(booked, member.day(-34))


def one_star(member: History, diary: Diary) -> None:
    """Star 1 at its lower bound by semi-annual instalments (15,000 × 2): two of three uses of the medical butler.

    One call is posted only after its month was settled; two others differ only in their references.
    """
    member.registered(member.years_ago(3, 240), "唐晓燕")
    member.issued(member.years_ago(3, 240), 15_000, mode="semi_annual", term=10)
    diary.redeem("medical-butler", member.day(-77))
    diary.redeem("medical-butler", member.day(-31))
    diary.redeem("family-doctor-video", member.day(-30))
    diary.redeem("physical-exam", member.day(-29))
    settled, last = settled_month(member.today), last_month(member.today)
    diary.redeem(
        "family-doctor-phone",
        settled.replace(day=27),
        posted_later_days=(last.replace(day=20) - settled.replace(day=27)).days,
    )
    for _ in range(2):
        diary.redeem("vip-line", last.replace(day=15))


def no_star(member: History, diary: Diary) -> None:
    """No star: one yuan is missing (29,999)."""
    member.registered(member.years_ago(2, 200), "石永刚")
    member.issued(member.years_ago(2, 200), 29_999)
    diary.redeem("health-assessment", member.day(-44))


def star_ahead(member: History, diary: Diary) -> None:
    """Cooling-off: policy received three days ago, so the first star (2) is still ahead; too early for a dentist."""
    member.registered(-6, "夏可欣")
    member.issued(-5, 60_000, category="endowment", received_on=member.day(-3))
    diary.redeem("dental-care", member.day(-1), option="adult-cleaning")


def single_premiums(member: History, diary: Diary) -> None:
    """Single premiums of every product class and a top-up (star 2 on 103,000), and one whose two years are over."""
    member.registered(member.years_ago(3, 30), "冯德明")
    member.single(member.years_ago(3, 30), 300_000, category="term_life")
    member.single(-600, 400_000, category="whole_life")
    member.single(-500, 500_000, category="endowment")
    member.single(-400, 600_000, category="annuity", design="participating")
    universal = member.single(-300, 1_000_000, category="whole_life", design="universal")
    member.added("top_up_paid", universal, -200, 500_000)
    diary.redeem("dental-care", member.day(-73), option="adult-cleaning")


def one_year_policy(member: History, diary: Diary) -> None:
    """Star 1 on a one-year policy: renewed, then not in time (a gap without a star), then again 200 days ago."""
    member.registered(member.years_ago(3, 100), "邹静")
    policy = member.one_year(member.years_ago(3, 100), 36_000)
    member.happened("renewed", member.years_ago(2, 100), policy_no=policy)
    member.happened("renewed", -200, policy_no=policy)
    diary.redeem("health-assessment", member.day(-101))
    diary.redeem("medical-butler", member.day(-14))


def family(member: History, diary: Diary) -> None:
    """Star 3 with family: spouse, two children and a parent share the allowances; a sibling is not immediate family."""
    member.registered(member.years_ago(5, 240), "马国栋")
    member.issued(member.years_ago(5, 240), 160_000, term=15)
    for relation in ("spouse", "child", "child", "parent", "sibling"):
        member.relative(relation, member.years_ago(1))
    diary.redeem("dental-care", member.day(-99), beneficiary="child-2", option="child-fluoride")
    diary.redeem("physical-exam", member.day(-71), beneficiary="parent")
    diary.redeem("legal-consultation", member.day(-69), beneficiary="spouse", units=20)
    diary.redeem("outpatient-green-channel", member.day(-51), beneficiary="sibling")
    diary.redeem("outpatient-green-channel", member.day(-50), beneficiary="grandparent")
    diary.redeem("medical-butler", member.day(-49), beneficiary="spouse")
    diary.redeem("outpatient-green-channel", member.day(-47), beneficiary="spouse")


def waiting(member: History, diary: Diary) -> None:
    """Star 4 since twelve days: the waiting period of 30 days still runs for two benefits."""
    member.registered(-29, "贺一鸣")
    member.issued(-28, 320_000, term=10, category="annuity")
    fell_ill = member.day(-9)
    diary.redeem("second-opinion", member.day(-5), evidence="first-opinion", diagnosed_on=fell_ill)
    diary.redeem(
        "proton-therapy",
        member.day(-4),
        facility="shanghai",
        evidence="admission-slip",
        diagnosed_on=fell_ill,
    )
    diary.redeem("physical-exam", member.day(-2))


def leap_day(member: History, diary: Diary) -> None:
    """Star 2 since a 29 February: service years begin on the 28th where the 29th is missing."""
    leap = last_leap_day(member.day(-200))
    member.registered(leap.replace(day=10), "闫宏毅")
    member.issued(leap.replace(day=10), 70_000, cooling_off_ends_on=leap.replace(day=28))
    diary.redeem("health-assessment", member.day(-60))


def group_and_short(member: History, diary: Diary) -> None:
    """Star 1 on 31,000: a group policy and one of less than a year add nothing, however large."""
    member.registered(member.years_ago(2, 260), "侯志明")
    member.issued(member.years_ago(2, 260), 31_000, term=10)
    member.issued(member.years_ago(2, 180), 500_000, line="group", category="medical")
    member.issued(-120, 40_000, mode="single", coverage="under_one_year", category="accident")
    diary.redeem("family-doctor-phone", member.day(-88))


def new_service_year(member: History, diary: Diary) -> None:
    """Star 3 whose service year began ten days ago: what was unused has expired, an examination is due again."""
    anniversary = member.years_ago(3, 10)
    issued_on = date.fromordinal(anniversary.toordinal() - 16)
    member.registered(issued_on, "龚沐晴")
    member.issued(issued_on, 165_000, term=12)
    diary.redeem("physical-exam", member.day(-100))
    consultation = diary.hold("legal-consultation", member.day(-50), units=60)
    diary.confirm(consultation, member.day(-48), units=35)
    diary.redeem("physical-exam", member.day(-4))


def last_leap_day(before: date) -> date:
    """The last 29 February before a day."""
    return next(
        leap
        for leap in (date(year, 2, 29) for year in count(before.year, -1) if isleap(year))
        if leap < before
    )
