"""A file of findings comes back with its columns for decisions filled: all of it is decided, or nothing."""

import csv
from io import BytesIO, StringIO

import openpyxl
import pytest

from app.decided import apply_decisions
from app.exports.columns import Language
from app.exports.findings import FindingsAsked, findings_file
from app.exports.telling import SheetForm, Telling
from app.statements.sheets import SheetError
from tests.commands import run_command
from tests.reconciliation.month import OCTOBER, PHONE, VENDOR, line, october
from tests.reconciliation.test_decisions import decide, of_line

ASKED = FindingsAsked(vendor=VENDOR, month=OCTOBER)


def telling(month, language=Language.ZH) -> Telling:
    return Telling(handbook=month.handbook, language=language, now=month.clock.now)


async def exported(month, language=Language.ZH, form=SheetForm.XLSX) -> bytes:
    with await findings_file(month.pool, ASKED, form, telling(month, language)) as file:
        return file.read()


def filled(content: bytes, rows: dict[int, dict[str, object]], sheet: str = "差异") -> bytes:
    """The workbook with cells filled: by row, from 0 below the heading, and heading."""
    book = openpyxl.load_workbook(BytesIO(content))
    headings = [cell.value for cell in book[sheet][1]]
    for number, values in rows.items():
        for heading, value in values.items():
            book[sheet].cell(row=number + 2, column=headings.index(heading) + 1, value=value)
    written = BytesIO()
    book.save(written)
    return written.getvalue()


async def apply(month, content: bytes, language=Language.ZH):
    return await apply_decisions(
        month.pool,
        BytesIO(content),
        telling(month, language),
        by="li",
        handbook=month.handbook,
        now=month.clock.now,
    )


async def decided(month) -> list[tuple]:
    rows = await month.pool.fetch(
        "select line_no, action, payable, note, decided_by from decisions order by id"
    )
    return [tuple(row) for row in rows]


async def test_each_row_that_is_filled_is_decided_and_the_others_are_not(month):
    content = filled(
        await exported(month),
        {
            0: {"决定": "接受", "决定付款": 700, "决定理由": "院长同意"},
            2: {"决定": "ACCEPT", "决定理由": "下月再报"},
        },
    )
    applied = await apply(month, content)
    assert (applied.decided, list(applied.problems)) == (2, [])
    assert [(*row[:2], float(row[2]), *row[3:]) for row in await decided(month)] == [
        (3, "ACCEPT", 700.0, "院长同意", "li"),
        (None, "ACCEPT", 0.0, "下月再报", "li"),
    ]


async def test_one_row_that_is_refused_leaves_all_undecided_and_is_named(month):
    content = filled(
        await exported(month),
        {
            0: {"决定": "接受", "决定理由": "对"},
            1: {"决定": "接受", "决定付款": 13, "决定理由": "多付"},
            2: {"决定": "也许", "决定理由": "?"},
        },
    )
    applied = await apply(month, content)
    assert applied.decided == 0
    assert [each.message("zh").split("：")[0] for each in applied.problems] == ["「差异」第 4 行"]
    assert "接受" in applied.problems[0].message("zh")
    content = filled(content, {2: {"决定": "", "决定理由": ""}})
    (problem,) = (await apply(month, content)).problems
    assert problem.message("en").startswith("差异, row 3: pay: expected from 0 to the stated amount 12.00")
    assert await decided(month) == []


async def test_a_finding_that_has_changed_since_the_file_was_made_is_refused(month):
    content = filled(await exported(month), {0: {"决定": "接受", "决定理由": "对"}})
    assert await decide(month, await of_line(month, 3), "DISPUTE") is None
    (problem,) = (await apply(month, content)).problems
    assert "export the findings anew" in problem.message("en")
    assert [row[1] for row in await decided(month)] == ["DISPUTE"]


async def test_a_line_is_matched_with_a_delivery_by_the_name_that_the_file_gives_it(month):
    await month.deliver(october(9), "A", benefit=PHONE)
    await month.deliver(october(9), "B", benefit=PHONE)
    await month.state(line(1, october(9), benefit=PHONE), number="S-2")
    book = openpyxl.load_workbook(BytesIO(await exported(month)))["差异"]
    headings = [cell.value for cell in book[1]]
    rows = [dict(zip(headings, row, strict=True)) for row in book.iter_rows(min_row=2, values_only=True)]
    (at,) = [number for number, row in enumerate(rows) if row["类别"] == "无法区分"]
    assert rows[at]["建议"] is None
    name = rows[at]["候选核销编号"].split(", ")[0]
    member_no, _, sequence = name.rpartition("-")
    assert (member_no, sequence.isdigit()) == (rows[at]["会员号"], True)
    wrong = filled(await exported(month), {at: {"决定": "配对", "配对核销": "M9-1", "决定理由": "第一次"}})
    (problem,) = (await apply(month, wrong)).problems
    assert "M9-1" in problem.message("zh")
    right = filled(await exported(month), {at: {"决定": "配对", "配对核销": name, "决定理由": "第一次"}})
    assert (await apply(month, right)).decided == 1


async def test_a_file_with_codes_comes_back_as_one_with_names(month):
    """Workbooks had codes of kinds and decisions once, in another order of columns."""
    assert await decide(month, await of_line(month, 3), "DISPUTE") is None
    book = openpyxl.load_workbook(BytesIO(await exported(month)))
    headings = [cell.value for cell in book["差异"][1]]
    rows = [[cell.value for cell in row] for row in book["差异"].iter_rows()]
    kind, action, decide_at = (headings.index(each) for each in ("类别", "处理", "决定"))
    assert (rows[1][kind], rows[1][action]) == ("数量不符", "争议")
    rows[1][kind], rows[1][action] = "UNITS_DIFFER", "DISPUTE"
    rows[1][decide_at], rows[1][headings.index("决定理由")] = "接受", "已说明"
    old = openpyxl.Workbook()
    for row in rows:
        old.active.append(row[::-1])
    written = BytesIO()
    old.save(written)
    assert (await apply(month, written.getvalue())).decided == 1


@pytest.mark.parametrize(("heading", "value"), [("类别", "台账没有"), ("处理", "争议"), ("类别", "不明")])
async def test_a_kind_or_decision_that_is_no_longer_the_findings_is_refused(month, heading, value):
    content = filled(await exported(month), {0: {"决定": "接受", "决定理由": "对", heading: value}})
    assert len((await apply(month, content)).problems) == 1
    assert await decided(month) == []


async def test_a_csv_comes_back_as_well_and_an_english_file_too(month):
    text = (await exported(month, Language.EN, SheetForm.CSV)).decode("utf-8-sig")
    rows = list(csv.DictReader(StringIO(text, newline="")))
    assert rows[2]["suggestion"] == "dispute: the ledger has no such delivery: the vendor has to show it"
    rows[2] |= {"decide": "dispute", "decide_note": "show it"}
    back = StringIO()
    writer = csv.DictWriter(back, rows[0])
    writer.writeheader()
    writer.writerows(rows)
    assert (await apply(month, back.getvalue().encode(), Language.EN)).decided == 1
    content = filled(
        await exported(month, Language.EN), {0: {"decide": "accept", "decide_note": "yes"}}, sheet="Findings"
    )
    assert (await apply(month, content)).decided == 1
    assert [row[:2] for row in await decided(month)] == [(4, "DISPUTE"), (3, "ACCEPT")]


async def test_what_is_no_file_of_findings_is_refused(month):
    with pytest.raises(SheetError, match="export one with"):
        await apply(month, "会员号,数量\nM1,2\n".encode())
    assert (await apply(month, await exported(month))).decided == 0


async def test_what_is_suggested_is_what_is_decided_when_it_is_copied(month):
    """Every suggestion can be made, and pays no more than both sides support."""
    await month.deliver(october(6), "D")
    await month.state(line(9, october(7), "D"), number="S-3")
    content = await exported(month)
    book = openpyxl.load_workbook(BytesIO(content))["差异"]
    headings = [cell.value for cell in book[1]]
    suggested = [row[headings.index("建议")] for row in book.iter_rows(min_row=2, values_only=True)]
    assert all(suggested), suggested
    rows = {
        number: {"决定": text.split("：")[0], "决定理由": text.split("：")[1]}
        for number, text in enumerate(suggested)
    }
    applied = await apply(month, filled(content, rows))
    assert (applied.decided, list(applied.problems)) == (4, [])
    assert await month.pool.fetchval("select sum(payable) from findings where action = 'ACCEPT'") == 692


async def test_the_command_decides_or_names_each_row_that_is_refused(
    month, database_dsn, tmp_path, activated
):
    environment = {"DATABASE_URL": database_dsn, "ENTITLEMENTS_DATA": str(tmp_path)}

    def run(**row: object):
        file = tmp_path / "findings.xlsx"
        file.write_bytes(filled(content, {0: row}))
        return run_command("findings", "apply", str(file), "--language", "en", environment=environment)

    content = await exported(month)
    empty = run()
    assert (empty.returncode, empty.stdout) == (
        0,
        "nothing was decided: the columns for decisions are empty\n",
    )
    refused = run(决定="接受")
    assert (refused.returncode, refused.stdout) == (1, "nothing was decided\n")
    assert refused.stderr == "差异, row 2: note: expected 1 to 200 visible characters.\n"
    done = run(决定="接受", 决定理由="对")
    assert (done.returncode, done.stdout, done.stderr) == (0, "1 finding decided\n", "")
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    other = run_command("findings", "apply", str(tmp_path / "other.csv"), environment=environment)
    assert (other.returncode, len(other.stderr.splitlines())) == (1, 1)
