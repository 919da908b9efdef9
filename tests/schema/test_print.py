"""What is printed is shown: the API tells of the handbook whatever the edition holds, in Chinese and English."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from handbook import Handbook, Hours
from schema.types.catalogue import variant_in_english
from schema.types.print import PAGE_NAMES
from tests.schema.api import FINANCE, STAFF, VENDOR, Api
from tests.schema.test_statements import counted

WHOLE = """{ programme {
    edition name source
    tiers { star name nameEn cite }
    coefficients { coefficient cite }
    channels { code name nameEn number hours { ...H } }
    contacts { name nameEn number hours { ...H } }
    options { code name nameEn relation cite }
    evidenceKinds { code name nameEn }
    facilities { code name nameEn }
    readings { question questionEn reading readingEn }
    disclaimers { text textEn }
    settings { backdatingDays coolingOffDaysLong coolingOffDaysOneYear cites { setting cite } }
    discrepancies { clauses governs readAs readAsEn cells }
    benefits {
        code name nameEn waitingDays waitingCite illnessAfterWaiting options evidence channels
        hours serviceHours { ...H } minutesPerCall wishedNumber { length workingDaysBefore cite }
        condition conditions { text textEn checked cite }
        content { text textEn }
        access { channel { code name nameEn number hours { ...H } } path how }
        optionLabels { code name nameEn relation } evidenceLabels { code name nameEn } facilities { code name nameEn }
        serviceLevel { respondWithinWorkingDays arrangeWithinWorkingDays arrangeWithinDays cite }
        grid { star variant variantEn }
        discrepancies { clauses governs readAs readAsEn cells }
        printed { overview { name cells } entitled frequency }
    }
} }
fragment H on Hours { days from to cite }"""

BENEFIT = """query ($code: String!, $on: Date, $option: String) { benefit(code: $code, on: $on) {
    code name
    requires(option: $option) {
        units option policy wishedNumber relation waitingDays hours { days from to }
        options { code name nameEn relation }
        facilities { code name nameEn }
        evidence { kind name nameEn diagnosis }
    }
} }"""


def shown_hours(hours: Hours | None) -> dict[str, Any] | None:
    if hours is None:
        return None
    to = hours.to.isoformat("minutes") if hours.to is not None else "24:00"
    return {
        "days": hours.days,
        "from": hours.from_.isoformat("minutes"),
        "to": to,
        "cite": list(hours.cite),
    }


def shown_label(label: Any) -> dict[str, str]:
    return {"code": label.code, "name": label.name, "nameEn": label.name_en}


def shown_channel(channel: Any) -> dict[str, Any]:
    return {**shown_label(channel), "number": channel.number, "hours": shown_hours(channel.hours)}


def shown_discrepancies(discrepancies: Any) -> list[dict[str, Any]]:
    return [
        {
            "clauses": [f"{PAGE_NAMES[clause.page].zh}：{clause.says}" for clause in each.clauses],
            "governs": each.governs,
            "readAs": each.read_as,
            "readAsEn": each.read_as_en,
            "cells": list(each.cells),
        }
        for each in discrepancies
    ]


def relation(option: Any) -> str | None:
    return option.relation.name if option.relation is not None else None


async def test_the_tables_and_texts_of_the_edition_are_shown(empty_api: Api, handbook: Handbook) -> None:
    shown = (await empty_api.data(WHOLE))["programme"]
    edition = handbook.latest
    assert (shown["edition"], shown["name"], shown["source"]) == (edition.code, edition.name, edition.source)
    assert shown["tiers"] == [
        {"star": each.star, "name": each.name, "nameEn": each.name_en, "cite": list(each.cite)}
        for each in edition.tiers
    ]
    assert [row["cite"] for row in shown["coefficients"]] == [list(row.cite) for row in edition.coefficients]
    assert shown["channels"] == [shown_channel(each) for each in edition.channels]
    assert shown["contacts"] == [
        {
            "name": each.name,
            "nameEn": each.name_en,
            "number": each.number,
            "hours": shown_hours(each.hours),
        }
        for each in edition.contacts
    ]
    assert shown["options"] == [
        {**shown_label(each), "relation": relation(each), "cite": list(each.cite)} for each in edition.options
    ]
    assert shown["evidenceKinds"] == [shown_label(each) for each in edition.evidence_kinds]
    assert shown["facilities"] == [shown_label(each) for each in edition.facilities]
    assert [tuple(each.values()) for each in shown["readings"]] == [
        (each.question, each.question_en, each.reading, each.reading_en) for each in edition.readings
    ]
    assert [tuple(each.values()) for each in shown["disclaimers"]] == [
        (each.text, each.text_en) for each in edition.disclaimers
    ]
    assert shown["discrepancies"] == shown_discrepancies(edition.discrepancies)
    cites = {each["setting"]: each["cite"] for each in shown["settings"]["cites"]}
    assert cites["backdatingDays"] == dict(edition.settings.cites)["backdating_days"]
    assert len(cites) == len(edition.settings.cites)


async def test_the_handbook_is_shown_without_a_statement(empty_api: Api) -> None:
    async with counted(empty_api.pool) as statements:
        await empty_api.data(WHOLE)
        await empty_api.data(BENEFIT, VENDOR, code="proton-therapy")
    assert statements == []


async def test_every_benefit_is_shown_whole(empty_api: Api, handbook: Handbook) -> None:
    shown = {each["code"]: each for each in (await empty_api.data(WHOLE))["programme"]["benefits"]}
    edition = handbook.latest
    assert list(shown) == [benefit.code for benefit in edition.benefits]
    channels = {each.code: each for each in edition.channels}
    labels = {each.code: each for each in (*edition.evidence_kinds, *edition.facilities, *edition.options)}
    for benefit in edition.benefits:
        seen = shown[benefit.code]
        assert seen["content"] == {"text": list(benefit.content.text), "textEn": benefit.content.text_en}
        assert seen["conditions"] == [
            {
                "text": each.text,
                "textEn": each.text_en,
                "checked": each.checked,
                "cite": list(each.cite),
            }
            for each in benefit.conditions
        ]
        assert seen["access"] == [
            {"channel": shown_channel(channels[each.channel]), "path": each.path, "how": each.how}
            for each in benefit.access
        ]
        assert seen["channels"] == [each["channel"]["code"] for each in seen["access"]]
        assert seen["serviceHours"] == shown_hours(benefit.hours)
        assert [each["code"] for each in seen["optionLabels"]] == seen["options"] == list(benefit.options)
        assert seen["evidenceLabels"] == [shown_label(labels[code]) for code in benefit.evidence]
        assert seen["facilities"] == [shown_label(labels[code]) for code in benefit.facilities]
        assert seen["minutesPerCall"] == benefit.minutes_per_call
        assert seen["waitingCite"] == list(benefit.waiting_cite)
        assert seen["illnessAfterWaiting"] is benefit.illness_after_waiting
        assert [(each["variant"], each["variantEn"]) for each in seen["grid"]] == [
            (each.variant, each.variant_en) for each in benefit.grid
        ]
        assert seen["discrepancies"] == shown_discrepancies(benefit.discrepancies)
        assert seen["printed"] == {
            "overview": [{"name": row.name, "cells": list(row.cells)} for row in benefit.printed.rows],
            "entitled": benefit.printed.entitled,
            "frequency": benefit.printed.frequency,
        }


async def test_numbers_of_the_print_are_shown_with_their_clauses(empty_api: Api) -> None:
    shown = {each["code"]: each for each in (await empty_api.data(WHOLE))["programme"]["benefits"]}
    assert shown["critical-surgery-admission"]["serviceLevel"] == {
        "respondWithinWorkingDays": 2,
        "arrangeWithinWorkingDays": None,
        "arrangeWithinDays": 14,
        "cite": ["2 个工作日内响应", "我们可协助安排 14 天内住院或安排手术。"],
    }
    assert shown["lucky-policy-number"]["wishedNumber"]["length"] == 8
    assert shown["lucky-policy-number"]["wishedNumber"]["workingDaysBefore"] == 2
    assert shown["family-doctor-phone"]["minutesPerCall"] == 10
    assert (
        shown["medical-butler"]["discrepancies"][0]["clauses"][1]
        == "服务介绍：二星、三星、四星、五星臻选荟员。"
    )
    assert shown["medical-butler"]["discrepancies"][0]["cells"] == [1]


@pytest.mark.parametrize(
    ("language", "hours", "condition"),
    [
        (
            "zh",
            "每日 8:00–22:00",
            "服务时间为每日 8:00–22:00；客户在线预约，医生在服务时间内回拨；每次通话时间不超过 10 分钟",
        ),
        (
            "en",
            "daily 8:00–22:00",
            (
                "Served every day from 8:00 to 22:00; "
                "By appointment made online; the doctor calls back within the hours; A call lasts 10 minutes at most"
            ),
        ),
    ],
)
async def test_hours_and_conditions_as_texts_are_in_the_language_asked_for(
    empty_api: Api, language: str, hours: str, condition: str
) -> None:
    text = '{ benefit(code: "family-doctor-phone") { hours condition } }'
    shown = (await empty_api.data(text, language=language))["benefit"]
    assert shown == {"hours": hours, "condition": condition}
    bare = '{ benefit(code: "car-t") { hours serviceHours { days } } }'
    assert (await empty_api.data(bare))["benefit"] == {"hours": None, "serviceHours": None}
    none = '{ benefit(code: "life-bank") { condition conditions { text } } }'
    assert (await empty_api.data(none, language=language))["benefit"] == {"condition": None, "conditions": []}


async def test_a_benefit_is_found_by_code_and_day(empty_api: Api, handbook: Handbook) -> None:
    text = "query ($code: String!, $on: Date) { benefit(code: $code, on: $on) { name } }"
    assert (await empty_api.data(text, code="car-t"))["benefit"] == {"name": "CAR-T 免疫细胞治疗"}
    assert (await empty_api.data(text, code="yoga"))["benefit"] is None
    assert (await empty_api.data(text, code="car-t", on="1980-01-01"))["benefit"] is None
    first, turn = handbook.latest, date(2027, 1, 1)
    car_t = first.benefit("car-t")
    assert car_t is not None
    renamed = replace(first, code="next", effective_from=turn, benefits=(replace(car_t, name="CAR-T 新版"),))
    empty_api.handbooks = Handbook([replace(first, effective_to=turn), renamed])
    assert (await empty_api.data(text, code="car-t", on="2026-12-31"))["benefit"]["name"] == car_t.name
    assert (await empty_api.data(text, code="car-t", on="2027-01-01"))["benefit"]["name"] == "CAR-T 新版"
    assert (await empty_api.data(text, code="dental-care", on="2027-01-01"))["benefit"] is None


async def test_names_come_from_the_edition_that_the_benefit_belongs_to(
    empty_api: Api, handbook: Handbook
) -> None:
    first, turn = handbook.latest, date(2027, 1, 1)
    facilities = tuple(replace(each, name=f"{each.name}新院区") for each in first.facilities)
    benefits = tuple(
        replace(each, labels=replace(each.labels, facilities=facilities)) for each in first.benefits
    )
    second = replace(first, code="next", effective_from=turn, facilities=facilities, benefits=benefits)
    empty_api.handbooks = Handbook([replace(first, effective_to=turn), second])
    text = 'query ($on: Date) { benefit(code: "proton-therapy", on: $on) { facilities { name } } }'
    before = (await empty_api.data(text, on="2026-12-31"))["benefit"]["facilities"]
    after = (await empty_api.data(text, on="2027-01-01"))["benefit"]["facilities"]
    assert [each["name"] for each in before] == ["上海质子重离子医院", "涿州市一洲肿瘤医院"]
    assert [each["name"] for each in after] == ["上海质子重离子医院新院区", "涿州市一洲肿瘤医院新院区"]


async def test_what_a_benefit_asks_for_is_told_beforehand(empty_api: Api) -> None:
    async def requires(code: str, option: str | None = None) -> dict[str, Any]:
        found = (await empty_api.data(BENEFIT, VENDOR, code=code, option=option))["benefit"]["requires"]
        return dict(found)

    assert await requires("proton-therapy") == {
        "units": False,
        "option": False,
        "policy": False,
        "wishedNumber": False,
        "relation": None,
        "waitingDays": 30,
        "hours": None,
        "options": [],
        "facilities": [
            {
                "code": "shanghai",
                "name": "上海质子重离子医院",
                "nameEn": "Shanghai Proton and Heavy Ion Hospital",
            },
            {"code": "zhuozhou", "name": "涿州市一洲肿瘤医院", "nameEn": "Zhuozhou Yizhou Cancer Hospital"},
        ],
        "evidence": [
            {
                "kind": "admission-slip",
                "name": "住院单（住院证）",
                "nameEn": "Admission slip",
                "diagnosis": True,
            }
        ],
    }
    lucky = await requires("lucky-policy-number")
    assert (lucky["policy"], lucky["wishedNumber"]) == (False, True)
    cover = await requires("policy-cover")
    assert (cover["policy"], cover["wishedNumber"]) == (True, False)
    assert (await requires("legal-consultation"))["units"]
    dental = await requires("dental-care")
    assert (dental["option"], dental["relation"]) == (True, "CHILD")
    assert [(each["code"], each["relation"]) for each in dental["options"]] == [
        ("adult-cleaning", None),
        ("child-fluoride", "CHILD"),
    ]
    assert (await requires("dental-care", "adult-cleaning"))["relation"] is None
    assert (await requires("dental-care", "child-fluoride"))["relation"] == "CHILD"
    assert (await requires("vip-line"))["hours"] == {"days": "WORKING_DAYS", "from": "09:00", "to": "18:00"}
    assert (await requires("health-videos"))["hours"] == {"days": "DAILY", "from": "00:00", "to": "24:00"}


@pytest.mark.parametrize(
    ("code", "option", "known"),
    [("dental-care", "surgery", "adult-cleaning, child-fluoride"), ("car-t", "surgery", "none")],
)
async def test_an_option_that_a_benefit_lacks_is_an_error_that_names_those_it_has(
    empty_api: Api, code: str, option: str, known: str
) -> None:
    answer = await empty_api.ask(BENEFIT, VENDOR, code=code, option=option)
    (error,) = answer["errors"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert error["message"].startswith("option: ")
    assert known in error["message"]


async def test_tiers_and_grades_have_their_names_in_english(api: Api) -> None:
    text = """{ customer(memberNo: "M1") {
        tier { name nameEn next { name nameEn } }
        quotas { benefit { code } variant variantEn }
    } }"""
    customer = (await api.data(text))["customer"]
    assert customer["tier"] == {
        "name": "四星臻选荟员",
        "nameEn": "Four-star select member",
        "next": {"name": "五星臻选荟员", "nameEn": "Five-star select member"},
    }
    quotas = {each["benefit"]["code"]: (each["variant"], each["variantEn"]) for each in customer["quotas"]}
    assert quotas["physical-exam"] == ("尊享体检", "Select health check")
    assert quotas["dental-care"] == (None, None)
    done = await api.redeem()
    asked = "query ($id: ID!) { node(id: $id) { ... on Redemption { variant variantEn } } }"
    assert (await api.data(asked, VENDOR, id=done["id"]))["node"] == {
        "variant": "尊享体检",
        "variantEn": "Select health check",
    }


async def test_grades_have_their_names_in_english_in_contracts_and_reports(api: Api) -> None:
    term = {"benefit": "physical-exam", "variant": "尊享体检", "unitPrice": "900.00", "from": "2026-10-20"}
    await api.data(
        "record.graphql", STAFF, operation="RegisterVendor", code="exam-1", name="供应商 exam-1", terms=[term]
    )
    await api.redeem()
    text = """{
        vendor(code: "exam-1") {
            terms { variant variantEn }
            usage(from: "2026-10-01", to: "2026-11-01") { variant variantEn }
        }
        usage(from: "2026-10-01", to: "2026-11-01", groupBy: [VARIANT]) { rows { variant variantEn } }
        whole: usage(from: "2026-10-01", to: "2026-11-01") { rows { variant variantEn } }
        liability { rows { star variant variantEn } }
    }"""
    found = await api.data(text, FINANCE)
    graded = {"variant": "尊享体检", "variantEn": "Select health check"}
    assert graded in found["vendor"]["terms"]
    assert {"variant": None, "variantEn": None} in found["vendor"]["terms"]
    assert found["vendor"]["usage"] == [graded]
    assert found["usage"]["rows"] == [graded]
    assert found["whole"]["rows"] == [{"variant": None, "variantEn": None}]
    assert {"star": 4, **graded} in found["liability"]["rows"]


def test_a_grade_is_named_by_its_edition_or_else_by_the_latest_that_has_it(handbook: Handbook) -> None:
    first, turn = handbook.latest, date(2030, 1, 1)
    exam = first.benefit("physical-exam")
    assert exam is not None
    renamed = replace(
        exam,
        grid=tuple(
            replace(grade, variant_en="Gold check") if grade.star == 4 else replace(grade, variant=None)
            for grade in exam.grid
        ),
    )
    second = replace(first, code="next", effective_from=turn, benefits=(renamed,))
    both = Handbook([replace(first, effective_to=turn), second])

    def name(variant: str | None, edition: str | None = None, code: str = "physical-exam") -> str | None:
        return variant_in_english(both, code, variant, edition)

    assert name("尊享体检", first.code) == "Select health check"
    assert name("尊享体检") == name("尊享体检", "next") == "Gold check"
    assert name("高端体检", "next") == "Premium health check"
    assert name(None) is name("没有的等级") is name("尊享体检", code="yoga") is None
