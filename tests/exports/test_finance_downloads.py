"""Findings and settlements over HTTP: staff sees every vendor's, a vendor its own; nobody an empty file instead."""

import asyncio
import csv
from io import BytesIO, StringIO
from itertools import product

import openpyxl
import pytest

from schema.context import Role
from tests.exports.conftest import reading, soon
from tests.reconciliation.month import line, october

FINDINGS, SETTLEMENT = "/exports/findings", "/exports/settlement"
ASKED = {"vendor": "v", "period": "2026-10"}


def code(answer) -> tuple[int, str]:
    return answer.status_code, answer.json()["errors"][0]["extensions"]["code"]


async def test_staff_may_have_every_vendors(site, settled):
    for role, address in product([Role.FINANCE, Role.OPERATIONS, Role.AUDITOR], [FINDINGS, SETTLEMENT]):
        answer = await site.client.get(address, params=ASKED, headers=site.header(role))
        assert answer.status_code == 200
        assert "spreadsheetml" in answer.headers["content-type"]
        assert f"-v-2026-10-{address.rpartition('/')[2]}.xlsx" in answer.headers["content-disposition"]
        assert openpyxl.load_workbook(BytesIO(answer.content)).sheetnames[0] == "封面"


# Of vendor v's files, who gets them: staff, and the vendor itself. The ledger's lines are staff's alone. Every
# vendor may send a statement; that it is of another one, only its form says.
MAY = {
    FINDINGS: {Role.FINANCE, Role.OPERATIONS, Role.AUDITOR, "own"},
    SETTLEMENT: {Role.FINANCE, Role.OPERATIONS, Role.AUDITOR, "own"},
    "/exports/entries": {Role.FINANCE, Role.OPERATIONS, Role.AUDITOR},
    "/statements": {Role.FINANCE, "own", "other"},  # whose statement it is stands in the form
}


async def test_each_role_at_each_address_of_its_own_and_of_anothers(site, settled):
    who = {role: site.header(role) for role in Role if role is not Role.VENDOR}
    who |= {name: site.header(Role.VENDOR, vendor=code) for name, code in (("own", "v"), ("other", "w"))}
    who["bound"] = site.header(Role.FRONTEND, member="M1")
    allowed_at: dict[str, set[str]] = {address: set() for address in MAY}
    for address, (name, headers) in product(MAY, who.items()):
        if address == "/statements":
            answer = await site.client.post(address, headers=headers)
            allowed = answer.status_code == 415  # who may send one is told that this is none
        else:
            asked = {} if address == "/exports/entries" else ASKED
            answer = await site.client.get(address, params=asked, headers=headers)
            allowed = answer.status_code == 200
        if allowed:
            allowed_at[address].add(name)
        else:
            assert code(answer) == (403, "FORBIDDEN"), (address, name)
    assert allowed_at == MAY


async def test_a_vendors_file_names_no_person_and_tells_nothing_of_numbers_it_did_not_serve(site, month):
    await month.state(
        line(2, october(8), "R-8", member_no="M2"),
        line(3, october(8), "R-9", member_no="NOBODY"),
        number="S-2",
    )
    asked = ASKED | {"format": "csv"}

    async def reasons(headers) -> tuple[str, list[str]]:
        text = (await site.client.get(FINDINGS, params=asked, headers=headers)).content.decode("utf-8-sig")
        rows = csv.DictReader(StringIO(text, newline=""))
        told = {row["会员号"]: row["说明"] for row in rows}
        return text, [told[number].replace(number, "…") for number in ("M2", "NOBODY")]

    names = {row["name"] for row in await month.pool.fetch("select name from customers")}
    text, (of_a_member, of_nobody) = await reasons(site.header(Role.VENDOR, vendor="v"))
    assert of_a_member == of_nobody
    assert not [name for name in names if name in text]
    _, (of_a_member, of_nobody) = await reasons(site.header())
    assert of_a_member != of_nobody


async def test_a_vendors_files_are_without_notes_and_names_of_finance(site, settled):
    """No column and no row for them: an empty one would be read as "there is nothing"."""
    staffs_own = {"处理说明", "处理人", "关账人", "复核人", "只付一次", "li", "建议"}

    async def cells(headers) -> set[object]:
        told: set[object] = set()
        for address in (FINDINGS, SETTLEMENT):
            book = openpyxl.load_workbook(
                BytesIO((await site.client.get(address, params=ASKED, headers=headers)).content)
            )
            told |= {cell for sheet in book for row in sheet.iter_rows(values_only=True) for cell in row}
        text = (await site.client.get(FINDINGS, params=ASKED | {"format": "csv"}, headers=headers)).text
        return told | set(text.replace("\r\n", ",").split(","))

    assert staffs_own & await cells(site.header(Role.VENDOR, vendor="v")) == set()
    assert staffs_own - await cells(site.header()) == {"复核人"}


@pytest.mark.parametrize("address", [FINDINGS, SETTLEMENT])
async def test_a_vendor_may_have_its_own_only(site, settled, address):
    own = site.header(Role.VENDOR, vendor="v")
    for asked in (ASKED, {"period": "2026-10"}):
        assert (await site.client.get(address, params=asked, headers=own)).status_code == 200
    other = site.header(Role.VENDOR, vendor="w")
    assert code(await site.client.get(address, params=ASKED, headers=other)) == (403, "FORBIDDEN")
    assert code(await site.client.get(address, params={"period": "2026-10"}, headers=other)) == (
        404,
        "NOT_FOUND",
    )


async def test_others_may_not(site):
    for address in (FINDINGS, SETTLEMENT):
        assert code(await site.client.get(address, headers=site.header(Role.FRONTEND))) == (403, "FORBIDDEN")
        assert code(await site.client.get(address, params=ASKED)) == (401, "UNAUTHENTICATED")


async def test_the_language_is_the_clients(site, month):
    async def table(accepted):
        headers = {**site.header(), "accept-language": accepted}
        answer = await site.client.get(FINDINGS, params=ASKED | {"format": "csv"}, headers=headers)
        assert answer.headers["content-type"] == "text/csv; charset=utf-8"
        return list(csv.DictReader(StringIO(answer.content.decode("utf-8-sig"), newline="")))

    assert "kind" in (await table("en"))[0]
    assert "类别" in (await table("zh-CN,en;q=0.5"))[0]


async def test_findings_are_filtered_by_kind_statement_and_whether_they_wait(site, month):
    async def lines(**asked):
        params = ASKED | {"format": "csv"} | asked
        answer = await site.client.get(FINDINGS, params=params, headers=site.header())
        assert answer.status_code == 200, answer.text
        return len(answer.text.splitlines()) - 1

    assert await lines() == 4
    assert await lines(kind=["MATCHED", "UNITS_DIFFER"]) == 2
    assert await lines(open="true") == 3
    assert await lines(open="false") == 1
    assert await lines(statement="S-1") == 4


CANNOT_BE_MEANT = [
    {"vendor": "v"},
    {"period": "2026-10"},
    ASKED | {"period": "10/2026"},
    ASKED | {"period": ["2026-10", "2026-11"]},
    ASKED | {"format": "jsonl"},
    ASKED | {"kind": "WRONG"},
    ASKED | {"open": "maybe"},
    ASKED | {"vendor": "v\x00"},
    ASKED | {"member": "M1"},
]


async def test_what_cannot_be_meant_is_refused(site):
    answers = [
        await site.client.get(FINDINGS, params=asked, headers=site.header()) for asked in CANNOT_BE_MEANT
    ]
    assert [code(answer) for answer in answers] == [(400, "BAD_REQUEST")] * len(CANNOT_BE_MEANT)
    month = answers[CANNOT_BE_MEANT.index(ASKED | {"period": "10/2026"})].json()["errors"][0]["message"]
    assert month == "`period`: expected a month from 2000-01 to 2199-12, like 2026-10."


async def test_what_is_not_there_is_not_an_empty_file(site, month):
    async def asked(address, **more):
        return code(await site.client.get(address, params=ASKED | more, headers=site.header()))

    assert await asked(FINDINGS, vendor="nobody") == (404, "NOT_FOUND")
    assert await asked(FINDINGS, statement="S-9") == (404, "NOT_FOUND")
    assert await asked(SETTLEMENT) == (404, "NOT_FOUND")
    assert await asked("/exports/everything") == (404, "NOT_FOUND")


async def test_a_client_that_goes_away_ends_the_making_of_its_file(site, month, database, monkeypatch):
    begun = asyncio.Event()

    async def endless(conn, **_):
        begun.set()
        await conn.execute("select pg_sleep(60)")
        yield

    monkeypatch.setattr("app.exports.findings.stream_findings", endless)
    asking = asyncio.create_task(site.client.get(FINDINGS, params=ASKED, headers=site.header()))
    await begun.wait()
    await soon(lambda: reading(database.owner_pool), 1)
    asking.cancel()
    await soon(lambda: reading(database.owner_pool), 0)
