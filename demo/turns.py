"""Members of the cast whose star changed: rises, falls, lapses, corrections, and the effect on used units.

Each function is the story of one member of the cast; what a reader should see is its docstring. Premiums are CNY a
year unless said; days are counted from the day the portfolio is made for.
"""

from demo.diaries import Diary
from demo.histories import History
from handbook.dates import add_years


def cancelled(member: History, diary: Diary) -> None:
    """Cancelled within the cooling-off period: never had a star."""
    member.registered(-91, "段佩珊")
    policy = member.issued(-90, 80_000)
    member.happened("cooling_off_cancelled", -80, policy_no=policy)
    diary.redeem("dental-care", member.day(-70), option="adult-cleaning")


def reinstated(member: History, diary: Diary) -> None:
    """Lapsed 100 and reinstated 40 days ago (star 3): the allowance was not renewed, the waiting period ran anew."""
    member.registered(member.years_ago(4, 250), "雷俊熙")
    policy = member.issued(member.years_ago(4, 250), 180_000)
    member.happened("lapsed", -100, policy_no=policy)
    member.happened("reinstated", -40, policy_no=policy)
    diary.redeem("physical-exam", member.day(-130))
    diary.redeem("medical-butler", member.day(-84))
    diary.redeem("physical-exam", member.day(-35))
    diary.redeem("second-opinion", member.day(-20), evidence="first-opinion")


def lapsed(member: History, diary: Diary) -> None:
    """Star 3 until the policy lapsed 20 days ago: no star now, but the appointment made before is honoured."""
    member.registered(member.years_ago(3, 220), "黎书瑶")
    policy = member.issued(member.years_ago(3, 220), 180_000)
    member.happened("lapsed", -20, policy_no=policy)
    diary.redeem("legal-consultation", member.day(-92), units=40)
    diary.hold("outpatient-green-channel", member.day(-25), hours=60 * 24)
    diary.redeem("health-assessment", member.day(-10))


def fallen(member: History, diary: Diary) -> None:
    """Star 4 until a policy was surrendered 60 days ago, now 2: used units count, nothing is clawed back."""
    member.registered(member.years_ago(7, 260), "武立新")
    large = member.issued(member.years_ago(7, 260), 250_000)
    member.issued(member.years_ago(5, 20), 80_000, category="critical_illness")
    member.happened("surrendered", -60, policy_no=large)
    diary.redeem("physical-exam", member.day(-120))
    diary.redeem("legal-consultation", member.day(-104), units=60)
    diary.redeem("dental-care", member.day(-95), option="adult-cleaning")
    diary.redeem("physical-exam", member.day(-30))
    diary.redeem("legal-consultation", member.day(-15), units=15)


def risen(member: History, diary: Diary) -> None:
    """Star 2 until the premium was increased 45 days ago, now 3: the examination used before counts still."""
    member.registered(member.years_ago(3, 235), "龙振华")
    policy = member.issued(member.years_ago(3, 235), 100_000)
    member.added("premium_increased", policy, -45, 60_000, term=15)
    diary.redeem("physical-exam", member.day(-111))
    off = diary.hold("outpatient-green-channel", member.day(-38), hours=120)
    diary.release(off, member.day(-36), "客户改期")
    diary.redeem("legal-consultation", member.day(-27), units=30)
    diary.redeem("physical-exam", member.day(-11))


def fall_ahead(member: History, diary: Diary) -> None:
    """Star 3 on a single premium whose two years end in 25 days, then star 1; an appointment ran out unconfirmed."""
    member.registered(add_years(member.day(20), -2), "史欣妍")
    member.single(add_years(member.day(25), -2), 1_600_000, category="whole_life")
    member.issued(-280, 35_000)
    forgotten = diary.hold("physical-exam", member.day(-42))
    diary.confirm(forgotten, member.day(-37))
    diary.redeem("outpatient-green-channel", member.day(-26))


def paid_up_and_waived(member: History, diary: Diary) -> None:
    """Star 3 until one policy was reduced paid-up 70 days ago, now 2; another's premium is waived: neither counts."""
    member.registered(member.years_ago(9, 250), "陶淑华")
    paid_up = member.issued(member.years_ago(9, 250), 120_000)
    member.issued(member.years_ago(4, 60), 50_000, category="annuity")
    waived = member.issued(member.years_ago(6, 90), 200_000, category="critical_illness")
    member.happened("premium_waived", -300, policy_no=waived)
    member.happened("reduced_paid_up", -70, policy_no=paid_up)
    diary.redeem("car-t", member.day(-89), evidence="approval")
    diary.redeem("medical-butler", member.day(-32), posted_later_days=12)
    diary.redeem("medical-butler", member.day(-61), posted_later_days=45)


def corrected(member: History, diary: Diary) -> None:
    """A surrender of 80 days ago was recorded 30 days ago: star 3 as known in between, 2 as known now."""
    member.registered(member.years_ago(5, 225), "顾承志")
    policy = member.issued(member.years_ago(5, 225), 200_000)
    member.issued(member.years_ago(2, 25), 48_000, category="annuity")
    member.happened("surrendered", -80, policy_no=policy, recorded=-30)
    diary.redeem("legal-consultation", member.day(-60), units=30)
    diary.redeem("legal-consultation", member.day(-16), units=15)


def reduced(member: History, diary: Diary) -> None:
    """Star 3 on a policy with a rider until the premium was reduced 120 days ago, now 2; the rider has ended too."""
    member.registered(member.years_ago(4, 245), "毛婉清")
    policy = member.issued(member.years_ago(4, 245), 200_000, term=15)
    rider = member.added("rider_added", policy, member.years_ago(2, 240), 40_000, category="critical_illness")
    member.reduced(policy, -120, 100_000)
    member.happened("component_ended", -50, policy_no=policy, component_id=rider)
    diary.redeem("legal-consultation", member.day(-135), units=45)
    used = diary.redeem("dental-care", member.day(-87), option="adult-cleaning")
    diary.reverse(used, member.day(-74), "财务核对：重复登记", by_finance=True)


def terminated(member: History, diary: Diary) -> None:
    """Star 2 until the critical illness policy was terminated by a claim 35 days ago; its services were used."""
    member.registered(member.years_ago(2, 230), "郝海燕")
    policy = member.issued(member.years_ago(2, 230), 70_000, category="critical_illness")
    member.happened("terminated", -35, policy_no=policy)
    diary.redeem("critical-surgery-admission", member.day(-75), option="surgery", evidence="admission-slip")
    diary.redeem("medical-butler", member.day(-74))
