"""The shipped edition against the printed handbook, row by row as it was decoded."""

import re
from datetime import time
from decimal import Decimal

import pytest

from handbook import Counted, Per, Reading, Unit, Unlimited, load_handbook
from handbook.benefits import Days, Relation
from handbook.printed import disputed

EDITION = load_handbook().latest

NONE = None
ENDLESS = Unlimited(unit=Unit.TIMES)


def times(units, per=Per.SERVICE_YEAR):
    return Counted(unit=Unit.TIMES, units=units, per=per)


AN_HOUR = Counted(unit=Unit.MINUTES, units=60, per=Per.SERVICE_YEAR)
ONCE = times(1)
THRICE = times(3)
A_POLICY = times(1, Per.POLICY)
EVER = times(1, Per.MEMBERSHIP)

BENEFITS = [
    # code, section, star 1, 2, 3, 4, 5, per, family
    ("lucky-policy-number", "privileges", NONE, NONE, NONE, A_POLICY, A_POLICY, Per.POLICY, False),
    ("policy-cover", "privileges", NONE, NONE, NONE, A_POLICY, A_POLICY, Per.POLICY, False),
    ("vip-line", "privileges", ENDLESS, ENDLESS, ENDLESS, ENDLESS, ENDLESS, None, False),
    ("legal-consultation", "privileges", NONE, NONE, AN_HOUR, AN_HOUR, AN_HOUR, Per.SERVICE_YEAR, True),
    ("physical-exam", "health-steward", NONE, ONCE, ONCE, ONCE, ONCE, Per.SERVICE_YEAR, True),
    ("dental-care", "health-steward", NONE, ONCE, ONCE, ONCE, ONCE, Per.SERVICE_YEAR, True),
    ("life-bank", "health-steward", NONE, NONE, NONE, EVER, EVER, Per.MEMBERSHIP, False),
    ("car-t", "health-steward", NONE, NONE, ONCE, ONCE, ONCE, Per.SERVICE_YEAR, True),
    ("health-assessment", "prevention", ENDLESS, ENDLESS, ENDLESS, ENDLESS, ENDLESS, None, False),
    ("health-videos", "prevention", ENDLESS, ENDLESS, ENDLESS, ENDLESS, ENDLESS, None, False),
    ("health-articles", "prevention", ENDLESS, ENDLESS, ENDLESS, ENDLESS, ENDLESS, None, False),
    ("family-doctor-video", "prevention", ENDLESS, ENDLESS, ENDLESS, ENDLESS, ENDLESS, None, False),
    ("family-doctor-phone", "prevention", ENDLESS, ENDLESS, ENDLESS, ENDLESS, ENDLESS, None, False),
    ("medical-butler", "care-access", THRICE, THRICE, THRICE, THRICE, THRICE, Per.SERVICE_YEAR, False),
    ("outpatient-green-channel", "care-access", NONE, NONE, ONCE, ONCE, ONCE, Per.SERVICE_YEAR, True),
    ("outpatient-escort", "care-access", NONE, NONE, NONE, ONCE, ONCE, Per.SERVICE_YEAR, True),
    ("critical-surgery-admission", "care-access", NONE, ONCE, ONCE, ONCE, ONCE, Per.SERVICE_YEAR, False),
    ("proton-therapy", "care-access", NONE, NONE, NONE, ONCE, ONCE, Per.SERVICE_YEAR, False),
    ("second-opinion", "care-access", NONE, NONE, ONCE, ONCE, ONCE, Per.SERVICE_YEAR, False),
]

NAMES = {
    "lucky-policy-number": ("订制保单吉祥号", "Customized policy number"),
    "policy-cover": ("专属保单封套", "Exclusive policy cover"),
    "vip-line": ("呼入贵宾专线", "VIP line call"),
    "legal-consultation": ("线上法律咨询（电话）", "Online legal consultation"),
    "physical-exam": ("健康 / 优质 / 尊享 / 高端体检", "Physical examination"),
    "dental-care": ("成人洁牙 / 儿童涂氟", "Prophylaxis / fluoride varnish"),
    "life-bank": ("生命银行", "Life bank"),
    "car-t": ("CAR-T 免疫细胞治疗", "CAR-T immunocyte therapy"),
    "health-assessment": ("健康测评", "Health assessment"),
    "health-videos": ("科普视频", "Medical science popularization video"),
    "health-articles": ("健康资讯", "Health information article"),
    "family-doctor-video": ("家庭医生实时视频咨询", "Family doctor real-time remote inquiry"),
    "family-doctor-phone": ("家庭医生电话咨询", "Family doctor inline inquiry"),
    "medical-butler": ("就医管家（推荐号源）", "Medical butler (registration recommendation)"),
    "outpatient-green-channel": ("门诊绿通", "Outpatient green channel"),
    "outpatient-escort": ("门诊陪诊（院内）", "Outpatient accompany (in hospital)"),
    "critical-surgery-admission": (
        "手术 / 住院预约（仅限重疾绿通）",
        "Critical illness surgery / hospitalization",
    ),
    "proton-therapy": ("质子重离子医院治疗预约安排", "Proton heavy ion hospital green channel"),
    "second-opinion": ("国内专家二次诊疗（电话）", "Secondary diagnosis and treatment"),
}

NOT_GRADED = (None, None, None, None, None)
VARIANTS = {
    "physical-exam": (None, "健康体检", "优质体检", "尊享体检", "高端体检"),
    "life-bank": (None, None, None, "生命银行10年权益", "生命银行20年权益"),
    "outpatient-green-channel": (None, None, "不指定专家", "指定专家", "指定专家"),
}

OPTIONS = {
    "dental-care": ("adult-cleaning", "child-fluoride"),
    "critical-surgery-admission": ("surgery", "admission"),
}

EVIDENCE = {
    "critical-surgery-admission": ("admission-slip",),
    "proton-therapy": ("admission-slip",),
    "second-opinion": ("first-opinion",),
    "car-t": ("approval",),
}

FACILITIES = {"proton-therapy": ("shanghai", "zhuozhou")}

WAITING_DAYS = {"proton-therapy": 30, "second-opinion": 30}

SERVICE_LEVELS = {
    # answered within working days, arranged within working days, arranged within days
    "medical-butler": (1, None, None),
    "outpatient-green-channel": (1, 7, None),
    "critical-surgery-admission": (2, None, 14),
    "proton-therapy": (1, 10, None),
}

AROUND_THE_CLOCK = (Days.DAILY, time(0), None)
HOURS = {
    "vip-line": (Days.WORKING_DAYS, time(9), time(18)),
    "health-videos": AROUND_THE_CLOCK,
    "health-articles": AROUND_THE_CLOCK,
    "family-doctor-video": AROUND_THE_CLOCK,
    "family-doctor-phone": (Days.DAILY, time(8), time(22)),
}

CHANNELS = {
    "lucky-policy-number": ("adviser",),
    "policy-cover": ("adviser",),
    "vip-line": ("hotline",),
    "legal-consultation": ("hotline", "wechat"),
    "physical-exam": ("hotline", "wechat"),
    "dental-care": ("adviser",),
    "life-bank": ("hotline", "wechat", "adviser"),
    "car-t": ("adviser",),
    "outpatient-green-channel": ("hotline", "wechat", "adviser"),
    "outpatient-escort": ("hotline", "wechat", "adviser"),
    "critical-surgery-admission": ("hotline", "wechat", "adviser"),
}
BY_WECHAT_ONLY = ("wechat",)

CHECKED, TOLD = True, False
CONDITIONS = {
    "lucky-policy-number": [("2 个工作日", CHECKED), ("8 位", CHECKED), ("每份保单", CHECKED)],
    "policy-cover": [("每份保单限一次", CHECKED), ("随合同一并送达", TOLD)],
    "vip-line": [("工作日 9:00–18:00", CHECKED), ("预留号码", TOLD)],
    "legal-consultation": [("分钟", CHECKED), ("仅供参考", TOLD)],
    "physical-exam": [("预约成功", TOLD)],
    "dental-care": [("之一", CHECKED), ("已登记的子女", CHECKED), ("权益卡", TOLD)],
    "car-t": [("审核同意", CHECKED), ("不占用", TOLD), ("权益卡", TOLD)],
    "family-doctor-video": [("不超过 10 分钟", TOLD)],
    "family-doctor-phone": [("8:00–22:00", CHECKED), ("在线预约", TOLD), ("不超过 10 分钟", TOLD)],
    "outpatient-escort": [("院内", TOLD)],
    "critical-surgery-admission": [
        ("住院单", CHECKED),
        ("只可选择一项", CHECKED),
        ("重大疾病", TOLD),
        ("可指定医院、科室", TOLD),
    ],
    "proton-therapy": [
        ("首次确诊", CHECKED),
        ("住院证", CHECKED),
        ("选定就诊医院", CHECKED),
        ("既往症", TOLD),
    ],
    "second-opinion": [
        ("过等待期", CHECKED),
        ("二级及二级以上公立医院确诊", CHECKED),
        ("188 种", TOLD),
        ("平台公布", TOLD),
    ],
}

PRINTED_ROWS = [
    "订制保单吉祥号",
    "专属保单封套",
    "呼入贵宾专线",
    "线上法律咨询 (电话)",
    "健康体检",
    "优质体检",
    "尊享体检",
    "高端体检",
    "成人洁牙 / 儿童涂氟",
    "生命银行 10 年权益",
    "生命银行 20 年权益",
    "CAR-T 免疫细胞治疗",
    "健康测评",
    "科普视频",
    "健康资讯",
    "家庭医生实时视频咨询",
    "家庭医生电话咨询",
    "就医管家 (推荐号源)",
    "门诊绿通 (不指定专家)",
    "门诊绿通 (指定专家)",
    "门诊陪诊 (院内)",
    "手术 / 住院预约 (仅限重疾绿通)",
    "上海质子重离子医院治疗预约安排",
    "国内专家二次诊疗 (电话)",
]

GOVERNING = [
    # benefit, page that governs, read as
    ("family-doctor-video", "overview", "一星至五星均可使用"),
    ("family-doctor-video", "overview", "不限次"),
    ("family-doctor-phone", "overview", "一星至五星均可使用"),
    ("family-doctor-phone", "overview", "不限次"),
    ("medical-butler", "overview", "一星至五星均可使用"),
    ("outpatient-green-channel", "overview", "四星、五星可指定专家；“不指定专家”仅适用于三星"),
    ("outpatient-green-channel", "detail", "国内三级医院均可，不限于排名前 100 的三甲医院"),
    ("second-opinion", "advantages", "涵盖重疾、轻症及常见 188 种疾病"),
    ("critical-surgery-admission", "detail", "14 天（自然日）内住院或安排手术"),
    ("health-assessment", "overview", "不限次"),
    ("health-videos", "overview", "不限次"),
    ("health-articles", "overview", "不限次"),
    ("physical-exam", "detail", "每个服务年度 1 次"),
    ("car-t", "detail", "每个服务年度 1 次"),
    ("legal-consultation", "overview", "每个服务年度 60 分钟，可分次使用"),
    ("proton-therapy", "detail", "两家医院均可"),
    ("proton-therapy", "detail", "治疗预约安排与住院加快服务均提供，含全程陪诊、代挂号、取药"),
]


@pytest.mark.parametrize("row", BENEFITS, ids=lambda row: row[0])
def test_each_benefit_is_what_its_printed_row_says(row):
    code, section, *allowances, per, family = row
    benefit = EDITION.benefit(code)
    assert benefit.section.code == section
    assert [benefit.allowance(star) for star in range(1, 6)] == allowances
    assert benefit.per == per
    assert benefit.family_shared is family
    assert benefit.required_star == next(star for star in range(1, 6) if allowances[star - 1])


@pytest.mark.parametrize("code", NAMES)
def test_each_benefit_has_its_printed_names_and_details(code):
    benefit = EDITION.benefit(code)
    assert (benefit.name, benefit.name_en) == NAMES[code]
    assert tuple(benefit.variant(star) for star in range(1, 6)) == VARIANTS.get(code, NOT_GRADED)
    assert benefit.options == OPTIONS.get(code, ())
    assert benefit.evidence == EVIDENCE.get(code, ())
    assert benefit.channels == CHANNELS.get(code, BY_WECHAT_ONLY)
    assert benefit.facilities == FACILITIES.get(code, ())
    hours = benefit.hours
    assert (hours and (hours.days, hours.from_, hours.to)) == HOURS.get(code)
    assert (hours is not None and hours.always) == (HOURS.get(code) == AROUND_THE_CLOCK)
    assert benefit.waiting_days == WAITING_DAYS.get(code, 0)
    assert bool(benefit.waiting_cite) == benefit.illness_after_waiting == (code in WAITING_DAYS)
    assert benefit.minutes_per_call == (10 if code.startswith("family-doctor") else None)
    level = benefit.service_level
    days = level and (
        level.respond_within_working_days,
        level.arrange_within_working_days,
        level.arrange_within_days,
    )
    assert days == SERVICE_LEVELS.get(code)


@pytest.mark.parametrize("code", NAMES)
def test_each_condition_says_what_the_detail_page_asks(code):
    conditions = EDITION.benefit(code).conditions
    expected = CONDITIONS.get(code, [])
    assert [each.checked for each in conditions] == [checked for _, checked in expected]
    for condition, (words, _) in zip(conditions, expected, strict=True):
        assert words in condition.text
        assert not re.search("[一-鿿]", condition.text_en)


def test_a_lucky_number_has_eight_signs_and_is_applied_for_two_working_days_before():
    wished = {benefit.code: benefit.wished_number for benefit in EDITION.benefits if benefit.wished_number}
    assert list(wished) == ["lucky-policy-number"]
    assert (wished["lucky-policy-number"].length, wished["lucky-policy-number"].working_days_before) == (8, 2)


def test_fluoride_is_for_a_child_and_no_other_option_for_one_relation():
    assert {option.code: option.relation for option in EDITION.options if option.relation} == {
        "child-fluoride": Relation.CHILD
    }


def test_the_19_benefits_and_24_rows_stand_in_printed_order():
    assert [benefit.code for benefit in EDITION.benefits] == [row[0] for row in BENEFITS]
    assert [row.name for benefit in EDITION.benefits for row in benefit.printed.rows] == PRINTED_ROWS
    assert len(PRINTED_ROWS) == 24
    sections = list(dict.fromkeys(benefit.section.name for benefit in EDITION.benefits))
    assert sections == ["专属荟员礼遇", "优质健康管家", "贴心预防保健", "专业就医助理"]


def test_the_grid_says_what_the_quoted_cells_say():
    differing = {
        (benefit.code, grade.star)
        for benefit in EDITION.benefits
        for grade in benefit.grid
        if all(row.cells[grade.star - 1] == "-" for row in benefit.printed.rows) != (grade.allowance is None)
    }
    assert differing == set()


def test_a_star_that_no_tier_has_gets_nothing():
    benefit = EDITION.benefit("vip-line")
    for star in (-1, 0, 6):
        assert benefit.grade(star) is None
        assert benefit.allowance(star) is None
        assert benefit.variant(star) is None
    assert EDITION.benefit("no-such-benefit") is None


@pytest.mark.parametrize(
    ("star", "name", "name_en", "from_", "to"),
    [
        (1, "一星臻选荟员", "One-star select member", 30_000, 45_000),
        (2, "二星臻选荟员", "Two-star select member", 45_000, 150_000),
        (3, "三星臻选荟员", "Three-star select member", 150_000, 300_000),
        (4, "四星臻选荟员", "Four-star select member", 300_000, 500_000),
        (5, "五星臻选荟员", "Five-star select member", 500_000, None),
    ],
)
def test_the_five_tiers_are_as_printed(star, name, name_en, from_, to):
    tier = EDITION.tier(star)
    assert (tier.star, tier.name, tier.name_en, tier.from_, tier.to) == (star, name, name_en, from_, to)
    assert EDITION.next_tier(star - 1) == tier


def test_no_tier_lies_above_the_last_or_at_star_0():
    assert EDITION.next_tier(5) is None
    assert EDITION.tier(0) is None
    assert EDITION.tier(6) is None


@pytest.mark.parametrize(
    ("rated_premium", "star"),
    [
        ("-1", 0),
        ("0", 0),
        ("29999.99", 0),
        ("29999.999999", 0),
        ("30000", 1),
        ("44999.999", 1),
        ("45000.00", 2),
        ("149999.99", 2),
        ("150000", 3),
        ("299999.99", 3),
        ("300000", 4),
        ("499999.99", 4),
        ("500000", 5),
        ("999999999999.99", 5),
    ],
)
def test_thresholds_are_half_open_and_compared_unrounded(rated_premium, star):
    assert EDITION.star_for(Decimal(rated_premium)) == star


@pytest.mark.parametrize("code", sorted({code for code, *_ in GOVERNING}))
def test_differing_clauses_are_recorded_with_the_one_that_governs(code):
    recorded = [(code, found.governs, found.read_as) for found in EDITION.benefit(code).discrepancies]
    assert recorded == [row for row in GOVERNING if row[0] == code]
    for found in EDITION.benefit(code).discrepancies:
        assert found.governs in [clause.page for clause in found.clauses]
        assert not re.search("[一-鿿]", found.read_as_en)


def test_in_dispute_is_only_whether_star_1_has_the_three_benefits_that_the_detail_page_gives_from_star_2():
    in_dispute = {benefit.code: disputed(benefit) for benefit in EDITION.benefits if disputed(benefit)}
    assert in_dispute == {
        "family-doctor-video": {1},
        "family-doctor-phone": {1},
        "medical-butler": {1},
    }


def test_no_other_benefit_has_differing_clauses():
    differing = {benefit.code for benefit in EDITION.benefits if benefit.discrepancies}
    assert differing == {code for code, *_ in GOVERNING}


def test_the_fallen_infinity_of_star_5_is_recorded_with_the_edition():
    found, _ = EDITION.discrepancies
    assert [(clause.page, clause.says) for clause in found.clauses] == [
        ("criteria", "五星 定级保费：[ 50— 8 ）"),
        ("overview", "[50-)"),
    ]
    assert found.governs == "overview"
    assert "无上限" in found.read_as


def test_a_one_year_policy_carries_benefits_for_its_year_and_not_for_the_two_of_a_single_premium():
    _, found = EDITION.discrepancies
    assert found.governs == "criteria"
    assert found.read_as.startswith("一年期短险有效 1 年")


def test_settings_are_the_readings_of_what_the_print_leaves_open():
    settings = EDITION.settings
    assert settings.backdating_days == 31
    assert settings.default_hold_hours == 72
    assert settings.max_hold_hours == 2160
    assert settings.max_units_per_redemption == 1000
    assert settings.cooling_off_days_long == 15
    assert settings.cooling_off_days_one_year == 0
    assert settings.immediate_family == (Relation.SPOUSE, Relation.PARENT, Relation.CHILD)
    assert "犹豫期" in dict(settings.cites)["cooling_off_days_long"]


def test_every_open_question_has_a_reading():
    assert len(EDITION.readings) == 24
    assert all(
        isinstance(reading, Reading) and reading.question.endswith("？") for reading in EDITION.readings
    )


def test_every_code_has_a_name_in_both_languages():
    for benefit in EDITION.benefits:
        for code in (*benefit.options, *benefit.evidence, *benefit.facilities, *benefit.channels):
            label = EDITION.label(code)
            assert re.search("[一-鿿]", label.name)
            assert re.search("[A-Za-z]", label.name_en)
    assert EDITION.label("no-such-code") is None


def test_the_edition_is_in_force_since_ever():
    assert EDITION.code == "zhenxuan-1"
    assert EDITION.effective_from.isoformat() == "1990-01-01"
    assert EDITION.effective_to is None
