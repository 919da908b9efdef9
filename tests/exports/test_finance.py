"""Findings and settlements as files: everything that was found, once, with its reason; what is paid, to the cent."""

import asyncio
import csv
import re
import tempfile
from contextlib import suppress
from dataclasses import replace
from datetime import date
from decimal import Decimal
from io import BytesIO, StringIO

import openpyxl
import pytest

from app.exports.columns import Language
from app.exports.finding_columns import finding_columns
from app.exports.findings import FindingsAsked, check_findings, findings_file
from app.exports.settlement import check_settlement, settlement_columns, settlement_file
from app.exports.telling import NothingThereError, SheetForm, Telling
from ledger.reconciliation.closing import close_period
from ledger.reconciliation.reading import FindingFilter, stream_findings
from ledger.reconciliation.replies import reply
from ledger.reconciliation.statements import Submitted, withdraw
from tests.exports.conftest import reading
from tests.reconciliation.month import EXAM, NOVEMBER, OCTOBER, PHONE, VENDOR, line, october
from tests.reconciliation.test_decisions import decide, of_line, of_redemption

XLSX, CSV = SheetForm.XLSX, SheetForm.CSV
ASKED = FindingsAsked(vendor=VENDOR, month=OCTOBER)


def telling(month, language=Language.ZH) -> Telling:
    return Telling(handbook=month.handbook, language=language, now=month.clock.now)


async def findings(month, asked=ASKED, form=CSV, language=Language.EN) -> bytes:
    with await findings_file(month.pool, asked, form, telling(month, language)) as file:
        return file.read()


async def settlement(month, form=CSV, language=Language.EN) -> bytes:
    with await settlement_file(month.pool, VENDOR, OCTOBER, form, telling(month, language)) as file:
        return file.read()


def table(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(content.decode("utf-8-sig"), newline="")))


def sheets(content: bytes) -> dict[str, list[tuple]]:
    book = openpyxl.load_workbook(BytesIO(content))
    return {sheet.title: list(sheet.iter_rows(values_only=True)) for sheet in book}


async def test_a_csv_has_every_finding_with_both_sides_and_the_reason(month):
    rows = table(await findings(month))
    said = [
        tuple(row[name] for name in ("line_no", "kind", "stated_units", "ledger_units", "amount_difference"))
        for row in rows
    ]
    assert said == [
        ("2", "MATCHED", "1", "1", "0.00"),
        ("3", "UNITS_DIFFER", "2", "1", "680.00"),
        ("4", "NOT_IN_LEDGER", "1", "", "12.00"),
        ("", "NOT_IN_STATEMENT", "", "1", "-12.00"),
    ]
    assert [row["reference"] for row in rows] == ["'=1+1", "R-2", "R-3", ""]
    assert rows[1]["differences"] == "UNITS_DIFFER, AMOUNT_DIFFERS"
    assert (rows[1]["stated_on"], rows[1]["ledger_on"]) == ("2026-10-04", "2026-10-04")
    assert "2 stated, 1 in the ledger" in rows[1]["reason"]
    assert [row["payable"] for row in rows] == ["12.00", "", "", ""]


async def test_a_file_speaks_chinese_unless_asked_otherwise(month):
    row = table(await findings(month, language=Language.ZH))[1]
    assert (row["对账单号"], row["行号"], row["服务项目"]) == ("S-1", "3", "健康 / 优质 / 尊享 / 高端体检")
    assert "数量：对账单 2，台账 1" in row["说明"]


async def test_a_workbook_has_a_summary_what_differs_and_what_agrees(month):
    found = sheets(await findings(month, form=XLSX, language=Language.ZH))
    assert list(found) == ["封面", "汇总", "差异", "相符"]
    headings = [column.title for column in finding_columns(telling(month))]
    assert list(found["差异"][0]) == list(found["相符"][0]) == headings
    kind, difference = headings.index("类别"), headings.index("金额差")
    assert [(row[kind], row[difference]) for row in found["差异"][1:]] == [
        ("数量不符", 680),
        ("台账没有", 12),
        ("对账单没有", -12),
    ]
    assert [(row[kind], row[headings.index("预约号")]) for row in found["相符"][1:]] == [("相符", "=1+1")]
    summary = {row[0]: row[1:] for row in found["汇总"] if row[0]}
    assert summary["服务商"][:2] == ("v", "v")
    assert summary["账期"][0] == "2026-10"
    assert (summary["对账单行数"][0], summary["对账单金额"][0], summary["待处理"][0]) == (3, 1384, 3)
    assert summary["数量不符"][0] == 1
    assert summary["S-1"][:3] == ("未关账", 3, 4)


async def test_only_what_was_asked_for_is_in_the_file(month):
    async def kinds(**where):
        asked = FindingsAsked(vendor=VENDOR, month=OCTOBER, where=FindingFilter(**where))
        return [row["kind"] for row in table(await findings(month, asked))]

    assert await kinds(kinds=frozenset({"MATCHED"})) == ["MATCHED"]
    assert await decide(month, await of_line(month, 3), "ACCEPT") is None
    assert await kinds(open=True) == ["NOT_IN_LEDGER", "NOT_IN_STATEMENT"]


async def test_a_decision_is_told_with_who_and_why(settled):
    row = table(await findings(settled))[1]
    told = (row["action"], row["payable"], row["note"], row["decided_by"], row["decided_at"][:10])
    assert told == ("ACCEPT", "680.00", "只付一次", "li", "2026-11-02")


async def test_what_the_vendor_replied_to_a_dispute_is_a_column(month):
    disputed = await of_line(month, 4)
    assert await decide(month, disputed, "DISPUTE") is None
    said = {"vendor": VENDOR, "finding_id": disputed, "by": "zhang", "now": month.clock.now}
    assert await reply(month.pool, message="已提供", evidence=["签字单 7", "回访录音"], **said) is None
    assert await reply(month.pool, message="请核实", evidence=[], **said) is None
    told = [row["replies"] for row in table(await findings(month))]
    assert told == ["", "", "2026-11-02 已提供 [签字单 7, 回访录音]\n2026-11-02 请核实", ""]


async def test_a_statement_is_told_by_the_vendors_number(month):
    await month.state(line(1, october(20), "late"), number="S-2")
    of_first = FindingsAsked(vendor=VENDOR, month=OCTOBER, statement="S-1")
    assert [row["line_no"] for row in table(await findings(month, of_first))] == ["2", "3", "4"]
    book = sheets(await findings(month, of_first, form=XLSX, language=Language.EN))
    assert {"statement": "S-1", "lines stated": 3}.items() <= {
        row[0]: row[1] for row in book["Summary"][:9]
    }.items()
    assert len(table(await findings(month))) == 4


async def test_what_is_not_there_is_said_instead_of_an_empty_file(month):
    async def said(vendor=VENDOR, which=OCTOBER, statement=None):
        with pytest.raises(NothingThereError) as raised:
            await check_findings(month.pool, FindingsAsked(vendor=vendor, month=which, statement=statement))
        return str(raised.value)

    assert await said(vendor="nobody") == "there is no vendor nobody"
    assert await said(which=date(2026, 9, 1)) == "nothing has been reconciled for v and 2026-09"
    assert await said(statement="S-9") == "there is no statement S-9 of v for 2026-10"
    statement = await month.pool.fetchval("select id from statements")
    assert isinstance(
        await withdraw(
            month.pool,
            statement=statement,
            note="重发",
            by="li",
            handbook=month.handbook,
            now=month.clock.now,
        ),
        Submitted,
    )
    assert await said(statement="S-1") == "the statement S-1 was withdrawn: it has no findings"


async def test_a_month_that_is_not_closed_has_no_settlement(month):
    for vendor, which, said in (
        (VENDOR, OCTOBER, "the period 2026-10 of v is not closed"),
        (VENDOR, NOVEMBER, "the period 2026-11 of v is not closed"),
        ("nobody", OCTOBER, "there is no vendor nobody"),
    ):
        with pytest.raises(NothingThereError, match=said):
            await check_settlement(month.pool, vendor, which)


async def test_the_lines_of_a_settlement_come_to_what_is_payable(settled):
    stored = await settled.pool.fetchrow("select * from settlements")
    rows = table(await settlement(settled))
    assert [(row["benefit"], row["occurred_in"], row["correction"], row["units"]) for row in rows] == [
        (PHONE, "2026-10", "no", "1"),
        (EXAM, "2026-10", "no", "1"),
    ]
    assert sum(Decimal(row["amount"]) for row in rows) == stored["payable"] == Decimal("692.00")
    assert {row["seal"] for row in rows} == {stored["seal"].hex()}


async def test_a_settlements_workbook_has_its_seal_its_lines_and_what_is_carried_forward(settled):
    stored = await settled.pool.fetchrow("select * from settlements")
    found = sheets(await settlement(settled, form=XLSX, language=Language.ZH))
    assert list(found) == ["封面", "汇总", "应付计算", "结算明细", "已处理", "争议结转"]
    steps = found["应付计算"]
    assert steps[0] == ("步骤", "行数", "金额", "累计")
    assert sum(row[2] or 0 for row in steps[1:]) == steps[-1][3] == float(stored["payable"])
    assert len(found["已处理"]) > 1
    summary = {row[0]: row[1:] for row in found["汇总"] if row[0]}
    assert (summary["应付金额"][0], summary["争议结转金额"][0]) == (692, 12)
    assert (summary["封印"][0], summary["关账人"][0]) == (stored["seal"].hex(), "li")
    assert summary[EXAM][:3] == ("健康 / 优质 / 尊享 / 高端体检", 1, 680)
    assert list(found["结算明细"][0]) == [column.title for column in settlement_columns(telling(settled))]
    assert [row[7] for row in found["结算明细"][1:]] == [12, 680]
    assert [row[2] for row in found["争议结转"][1:]] == ["台账没有"]


async def excepted(month):
    """October, closed, with an exception: the vendor's two exams are paid, though one was delivered."""
    assert await decide(month, await of_line(month, 3), "ACCEPT", note="院长同意", pay=Decimal(1000)) is None
    assert await decide(month, await of_line(month, 4), "DISPUTE") is None
    assert await decide(month, await of_redemption(month, month.unstated), "ACCEPT") is None
    closed = await close_period(
        month.pool, vendor=VENDOR, month=OCTOBER, by="wang", handbook=month.handbook, now=month.clock.now
    )
    assert isinstance(closed, int), closed


async def test_the_first_page_has_all_that_is_signed(month):
    await excepted(month)
    stored = await month.pool.fetchrow("select * from settlements")
    rows = sheets(await settlement(month, form=XLSX, language=Language.ZH))["封面"]
    assert rows[0][0] == "服务结算单"
    said = {row[0]: row[1:] for row in reversed(rows) if row[0]}
    assert [said[each][0] for each in ("服务商", "账期", "应付金额", "大写", "争议结转金额", "封印")] == [
        "v（v）",
        "2026-10",
        1012,
        "人民币壹仟零壹拾贰元整",
        12,
        stored["seal"].hex(),
    ]
    (steps_at,) = [number for number, row in enumerate(rows) if row[0] == "步骤"]
    (total_at,) = [number for number, row in enumerate(rows) if row[0] == "应付金额" and number > steps_at]
    steps = rows[steps_at + 1 : total_at]
    assert [(row[0], row[2]) for row in steps] == [
        ("对账单金额（不含红冲行）", 1384),
        ("数量不符", -680),
        ("对账单没有", 0),
        ("例外（另定金额）", 320),
        ("争议结转以后账期", -12),
    ]
    assert rows[total_at][3] == 1012
    assert said["例外付款"][0] == "1 笔"
    assert said["S-1 第 3 行"][2:] == (1360, 1000, "li", "院长同意")
    assert "".join(cell for cell in rows[-1] if cell).replace("_", "") == "制表：复核：审批：日期："


async def test_the_first_page_of_findings_says_what_is_payable_as_it_stands(month):
    rows = sheets(await findings(month, form=XLSX, language=Language.EN))["Cover"]
    said = {row[0]: row[1] for row in rows if row[0]}
    assert said["payable as it stands"] == 12
    assert (said["in capitals"], said["status"], said["open findings"]) == ("人民币壹拾贰元整", "open", 3)
    of_one = FindingsAsked(vendor=VENDOR, month=OCTOBER, statement="S-1")
    assert "Cover" not in sheets(await findings(month, of_one, form=XLSX))


async def test_a_vendors_first_page_has_the_exceptions_without_persons_and_notes(month):
    await excepted(month)
    asked = replace(telling(month), to_vendor=True)
    with await settlement_file(month.pool, VENDOR, OCTOBER, XLSX, asked) as file:
        rows = sheets(file.read())["封面"]
    assert next(row for row in rows if row[0] == "S-1 第 3 行")[3:] == (1360, 1000, None, None)


async def test_no_code_is_left_in_a_chinese_workbook(month):
    for each in (3, 4):
        assert await decide(month, await of_line(month, each), "DISPUTE") is None
    await month.deliver(october(9), "A-1", benefit=PHONE)
    await month.deliver(october(9), "A-2", benefit=PHONE)
    await month.state(line(1, october(9), "A-3", benefit=PHONE), line(2, october(3), "=1+1"), number="S-2")
    assert codes(await findings(month, form=XLSX, language=Language.ZH)) == []


async def test_no_code_is_left_in_a_chinese_settlement(settled):
    assert codes(await settlement(settled, form=XLSX, language=Language.ZH)) == []


def codes(content: bytes) -> list[str]:
    """The texts with a word in capitals, outside of columns of ids."""
    ids = {"核销编号", "核对结果编号", "会员号", "预约号", "服务项目代码", "候选核销编号", "对账单号"}
    found = []
    for rows in sheets(content).values():
        kept = [place for place, heading in enumerate(rows[0]) if heading not in ids]
        texts = [row[place] for row in rows for place in kept if isinstance(row[place], str)]
        found += [text for text in texts if re.search("[A-Z]{4,}", text)]
    return found


async def test_sheets_print_the_first_columns_with_their_heading_on_every_page(settled):
    for content in (await findings(settled, form=XLSX), await settlement(settled, form=XLSX)):
        book = openpyxl.load_workbook(BytesIO(content))
        for sheet in book:
            assert (sheet.page_setup.orientation, sheet.page_setup.paperSize) == ("landscape", 9)
            assert (sheet.page_setup.fitToWidth, sheet.sheet_properties.pageSetUpPr.fitToPage) == (1, True)
            assert sheet.oddFooter.center.text == "v 2026-10"
        assert book.worksheets[0].page_setup.fitToHeight == 1
        for name in {"Findings", "Matched", "Decided", "Carried forward"} & set(book.sheetnames):
            sheet = book[name]
            assert (sheet.print_title_rows, sheet.page_setup.fitToHeight) == ("$1:$1", 0)
            last = sheet.print_area.rpartition(":")[2].split("$")[1]
            assert sheet[f"{last}1"].value == "decided_by"


def test_printed_columns_come_first(month):
    for columns in (finding_columns(telling(month)), settlement_columns(telling(month))):
        printed = [column.printed for column in columns]
        assert printed == sorted(printed, reverse=True)


@pytest.mark.parametrize("form", [XLSX, CSV])
@pytest.mark.parametrize("ending", ["fails", "is given up"])
async def test_a_file_that_is_not_finished_leaves_nothing_behind(
    month, database, tmp_path, monkeypatch, form, ending
):
    begun = asyncio.Event()

    async def endless(*arguments, **more):
        page = [each async for each in stream_findings(*arguments, **more)]
        while True:
            for each in page:
                yield each
            begun.set()
            await asyncio.sleep(0)
            if ending == "fails":
                raise ZeroDivisionError

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr("app.exports.findings.stream_findings", endless)
    making = asyncio.create_task(findings(month, form=form))
    await begun.wait()
    if ending == "is given up":
        await asyncio.sleep(0.05)
        making.cancel()
    with suppress(ZeroDivisionError, asyncio.CancelledError):
        await making
        pytest.fail("it ended")
    assert not list(tmp_path.iterdir())
    assert await reading(database.owner_pool) == 0
