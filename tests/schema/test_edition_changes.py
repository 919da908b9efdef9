"""What an edition changes and what it would do, asked by the operations' own documents; nothing is written."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from handbook import Handbook, read_source, with_edition
from ledger.what_if.portfolio import PartialResult, work_batch
from schema.context import Role
from tests.editions import six_stars
from tests.handbook.copies import Copy
from tests.schema.api import AUDITOR, FRONTEND, STAFF, Api, member
from tests.schema.test_permissions import VIEWERS

OPERATIONS = "editions.graphql"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of candidates with the six-star edition."""
    return six_stars(tmp_path_factory.mktemp("editions")).parent


@pytest.fixture
async def portfolio(api: Api, folder: Path) -> Api:
    """Members who rise to the first and the sixth star, one who falls, one who stays."""
    api.edition_folders = (folder,)
    await api.record(
        *member("M2", "26000.00"),  # no star before 2027; the first one from 25,000 on
        *member("M3", "46000.00"),  # two stars from 45,000 on; from 2027 on 50,000 are needed
        *member("M4", "1000000.00"),
    )
    return api


async def test_the_diff_is_the_one_of_the_handbook_in_the_language_asked_for(portfolio: Api) -> None:
    asked = {"from": "zhenxuan-1", "to": "zhenxuan-2"}
    found = (await portfolio.data(OPERATIONS, STAFF, operation="Diff", **asked))["editionDiff"]
    changes = {each["place"]: each for each in found}
    assert len(changes) > 50
    assert changes["tiers.1.from"] == {
        "place": "tiers.1.from",
        "before": "30000",
        "after": "25000",
        "words": "一星起点由 30,000 调整为 25,000。",
    }
    assert changes["benefits.outpatient-escort"]["after"] is None
    english = await portfolio.data(OPERATIONS, AUDITOR, operation="Diff", language="en", **asked)
    assert english["editionDiff"][2]["words"] == "Star 1 begins at 25,000 instead of 30,000."
    same = await portfolio.data(
        OPERATIONS, STAFF, operation="Diff", **{"from": "zhenxuan-2", "to": "zhenxuan-2"}
    )
    assert same["editionDiff"] == []


async def test_a_what_if_tells_who_moves_and_what_becomes_of_each_benefit(portfolio: Api) -> None:
    used = await portfolio.redeem(benefit="legal-consultation", units=20)
    assert used["__typename"] == "Redemption"
    found = (await portfolio.data(OPERATIONS, STAFF, operation="WhatIfEdition", edition="zhenxuan-2"))[
        "editionWhatIf"
    ]
    assert found["customers"] == 4
    assert found["moves"] == [
        {"fromStar": 0, "toStar": 1, "customers": 1},
        {"fromStar": 2, "toStar": 1, "customers": 1},
        {"fromStar": 5, "toStar": 6, "customers": 1},
    ]
    benefits = {each.pop("benefit")["code"]: each for each in found["benefits"]}
    assert list(benefits)[-1] == "outpatient-escort"  # only the edition in force has it
    assert benefits["legal-consultation"] == {
        "unitsBefore": 120,
        "unitsAfter": 60 + 120,
        "liabilityBefore": "350.00",  # 20 of 120 minutes are used; 3.50 each
        "liabilityAfter": "560.00",
        "losing": 0,
    }
    assert (benefits["dental-care"]["liabilityBefore"], benefits["dental-care"]["liabilityAfter"]) == (
        "360.00",
        "240.00",
    )
    assert (benefits["dental-care"]["losing"], benefits["outpatient-escort"]["losing"]) == (1, 2)
    assert benefits["vip-line"]["unitsBefore"] == benefits["vip-line"]["unitsAfter"] == 0


async def test_allowances_without_limit_are_counted_apart(portfolio: Api) -> None:
    text = """{ editionWhatIf(edition: "zhenxuan-2", on: "2027-02-01") { on benefits {
        benefit { code name } unlimitedBefore unlimitedAfter gaining } } }"""
    found = (await portfolio.data(text, AUDITOR))["editionWhatIf"]
    assert found["on"] == "2027-02-01"
    line = next(each for each in found["benefits"] if each["benefit"]["code"] == "vip-line")
    assert (line["unlimitedBefore"], line["unlimitedAfter"], line["gaining"]) == (3, 4, 1)
    nursing = next(each for each in found["benefits"] if each["benefit"]["code"] == "home-nursing")
    assert (nursing["benefit"]["name"], nursing["gaining"]) == ("上门护理", 1)


async def test_before_its_first_day_an_edition_changes_nobody(portfolio: Api) -> None:
    found = await portfolio.data(
        OPERATIONS, STAFF, operation="WhatIfEdition", edition="zhenxuan-2", on="2026-12-31"
    )
    assert found["editionWhatIf"]["moves"] == []
    in_force = await portfolio.data(OPERATIONS, STAFF, operation="WhatIfEdition", edition="zhenxuan-1")
    assert in_force["editionWhatIf"]["moves"] == []


async def test_a_corrected_edition_in_a_folder_is_asked_about_by_its_own_code(
    portfolio: Api, tmp_path: Path
) -> None:
    copy = Copy(tmp_path).add("zhenxuan-1", "1990-01-01")
    copy.change("edition.yaml", "  4:", "from: 300000", "from: 350000")
    copy.change("edition.yaml", "  3:", "to: 300000", "to: 350000")
    portfolio.edition_folders = (tmp_path,)
    found = await portfolio.data(OPERATIONS, STAFF, operation="WhatIfEdition", edition="zhenxuan-1")
    assert found["editionWhatIf"]["moves"] == [{"fromStar": 4, "toStar": 3, "customers": 1}]
    asked = {"from": "zhenxuan-1", "to": "zhenxuan-1"}
    changes = (await portfolio.data(OPERATIONS, STAFF, operation="Diff", **asked))["editionDiff"]
    assert [(each["place"], each["before"], each["after"]) for each in changes] == [
        ("tiers.3.to", "300000", "350000"),
        ("tiers.4.from", "300000", "350000"),
    ]


async def test_a_correction_that_is_wrong_is_told_apart_from_one_that_is_not_there(
    portfolio: Api, tmp_path: Path
) -> None:
    Copy(tmp_path).add("zhenxuan-1", "2027-01-01")
    portfolio.edition_folders = (tmp_path,)
    answer = await portfolio.ask(OPERATIONS, STAFF, operation="WhatIfEdition", edition="zhenxuan-1")
    (error,) = answer["errors"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert error["message"] == (
        "edition: edition zhenxuan-1 in the service's folders is wrong; `entitlements edition list` says why."
    )


@pytest.mark.parametrize(
    ("operation", "variables", "message"),
    [
        (
            "Diff",
            {"from": "x", "to": "zhenxuan-1"},
            "from: there is no edition x; there are: zhenxuan-1, zhenxuan-2.",
        ),
        (
            "Diff",
            {"from": "zhenxuan-1", "to": "x"},
            "to: there is no edition x; there are: zhenxuan-1, zhenxuan-2.",
        ),
        (
            "WhatIfEdition",
            {"edition": ""},
            "edition: there is no edition ; there are: zhenxuan-1, zhenxuan-2.",
        ),
        (
            "WhatIfEdition",
            {"edition": "zhenxuan-1", "on": "1980-01-01"},
            "on: no edition of the handbook is in force on 1980-01-01.",
        ),
    ],
)
async def test_bad_input_says_what_would_help(
    portfolio: Api, operation: str, variables: dict[str, Any], message: str
) -> None:
    (error,) = (await portfolio.ask(OPERATIONS, STAFF, operation=operation, **variables))["errors"]
    assert (error["extensions"]["code"], error["message"]) == ("BAD_USER_INPUT", message)


async def test_a_folder_that_is_wrong_offers_no_candidates_and_breaks_nothing(
    portfolio: Api, tmp_path: Path
) -> None:
    (tmp_path / "half-an-edition").mkdir()
    portfolio.edition_folders = (tmp_path,)
    answer = await portfolio.ask(
        OPERATIONS, STAFF, operation="Diff", **{"from": "zhenxuan-1", "to": "zhenxuan-2"}
    )
    assert answer["errors"][0]["message"] == "to: there is no edition zhenxuan-2; there are: zhenxuan-1."


async def test_candidates_are_for_operations_and_auditors(portfolio: Api) -> None:
    for role, viewer in VIEWERS.items():
        may = role in {Role.OPERATIONS, Role.AUDITOR}
        for operation, variables in (
            ("Diff", {"from": "zhenxuan-1", "to": "zhenxuan-2"}),
            ("WhatIfEdition", {"edition": "zhenxuan-2"}),
        ):
            codes = await portfolio.codes(OPERATIONS, viewer, operation=operation, **variables)
            assert codes == ([] if may else ["FORBIDDEN"]), (role, operation)


async def test_others_are_answered_between_any_two_customers_while_a_portfolio_is_rated(
    portfolio: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    batches, answers = 0, asyncio.Semaphore(0)

    async def after_an_answer_to_somebody_else(*arguments: Any, **more: Any) -> PartialResult:
        nonlocal batches
        await asyncio.wait_for(answers.acquire(), 30)
        batches += 1
        return await work_batch(*arguments, **more)

    monkeypatch.setattr("ledger.what_if.portfolio.CUSTOMERS_A_BATCH", 1)
    monkeypatch.setattr("ledger.what_if.portfolio.work_batch", after_an_answer_to_somebody_else)
    asking = asyncio.create_task(
        portfolio.data(OPERATIONS, STAFF, operation="WhatIfEdition", edition="zhenxuan-2")
    )
    while not asking.done():
        await portfolio.data('{ customer(memberNo: "M1") { tier { star } } }', FRONTEND)
        answers.release()
    assert (await asking)["editionWhatIf"]["customers"] == 4
    assert batches == 4


async def test_one_portfolio_at_a_time_is_rated_and_nobody_queues(
    portfolio: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, others_answered = asyncio.Event(), asyncio.Event()

    async def while_others_ask(*arguments: Any, **more: Any) -> PartialResult:
        begun.set()
        await others_answered.wait()
        return await work_batch(*arguments, **more)

    async def asked(language: str = "zh") -> dict[str, Any]:
        return await portfolio.ask(
            OPERATIONS, STAFF, operation="WhatIfEdition", edition="zhenxuan-2", language=language
        )

    monkeypatch.setattr("ledger.what_if.portfolio.work_batch", while_others_ask)
    under_way = asyncio.create_task(asked())
    await asyncio.wait_for(begun.wait(), 30)
    others = await asyncio.gather(*(asked(each) for each in ["zh", "en"] * 6))
    others_answered.set()
    first = await under_way
    assert not first["errors"]
    for each in others:
        assert each["errors"][0]["extensions"] == {"code": "BUSY", "retryAfter": 60}
    assert {each["errors"][0]["message"] for each in others} == {
        "editionWhatIf：正在测算另一个版本，一次只测算一个，请一分钟后再试。",
        "editionWhatIf: another one is under way, and one runs at a time: try again in a minute.",
    }
    assert await asked() == first


async def test_the_customers_document_runs_as_it_stands(
    portfolio: Api, folder: Path, handbook: Handbook
) -> None:
    event = {"eventId": "if-1", "memberNo": "M4", "effectiveOn": "2026-12-01", "lapsed": {"policyNo": "P1"}}
    found = await portfolio.data(
        OPERATIONS, STAFF, operation="WhatIf", memberNo="M4", events=[event], edition="zhenxuan-2"
    )
    what_if = found["customer"]["whatIf"]
    assert (what_if["tier"]["star"], what_if["tier"]["next"]) == (0, {"star": 1, "shortfall": "25000.00"})
    assert what_if["tier"]["contributions"][0]["reason"] == "LAPSED"
    codes = [each["benefit"]["code"] for each in what_if["quotas"]]
    edition = with_edition(handbook, read_source(folder / "zhenxuan-2")).latest
    assert codes == [each.code for each in edition.benefits]
