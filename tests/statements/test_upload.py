"""POST /statements: finance sends a sheet; its problems are returned row by row, and nothing is imported."""

from datetime import date

import pytest
from openpyxl import Workbook

from ledger.reconciliation.closing import close_period
from ledger.reconciliation.statements import withdraw
from ledger.refusals import busy
from schema.context import Role
from tests.reconciliation.month import NOW, close_by_hand
from tests.statements.sheets import GOOD, HEADER, csv_of, saved, xlsx_of
from tests.statements.test_command import BAD, LINES, counts


async def test_a_sheet_is_taken_and_its_statement_answered(desk, database):
    answer = await desk.send(
        xlsx_of(("瑞康 10月",), (*HEADER, "备注"), *LINES, ("合计", "", 4)), "RK-10.xlsx"
    )
    assert answer.status_code == 201
    assert answer.headers["cache-control"] == "no-store"
    found = answer.json()
    statement = found.pop("statement")
    assert found == {
        "replayed": False,
        "goodRows": 3,
        "refusedRows": 0,
        "ignoredColumns": ["备注"],
        "skippedRows": [{"row": 6, "words": "合计"}],
        "notes": [],
        "problems": [],
    }
    assert statement.pop("id")
    assert statement.pop("vendor")["code"] == "v"
    assert statement == {
        "number": "RK-10",
        "period": "2026-10",
        "status": "OPEN",
        "lines": 3,
        "stated": {"units": 4, "amount": "49.00"},
        "matched": {"units": 2, "amount": "24.00"},
        "payable": "24.00",
        "open": 1,
        "counts": [{"kind": "MATCHED", "count": 2}, {"kind": "AMOUNT_DIFFERS", "count": 1}],
    }
    assert await database.owner_pool.fetchval("select submitted_by from statements") == "李会计"


async def test_credit_lines_of_a_sheet_are_stored_as_such(desk, database):
    credited = (
        ("M1", "家庭医生电话咨询", "1", "2026-10-05", "(12.00)", "A-1"),
        (*LINES[2][:2], "−1", *LINES[2][3:4], "12.00-", ""),
    )
    answer = await desk.send(csv_of(HEADER, *LINES, *credited))
    assert answer.status_code == 201
    assert answer.json()["statement"]["stated"] == {"units": 2, "amount": "25.00"}
    rows = await database.owner_pool.fetch(
        "select units, amount from statement_lines order by line_no offset 3"
    )
    assert [tuple(row) for row in rows] == [(-1, -12), (-1, -12)]


async def test_the_same_sheet_again_changes_nothing_and_another_content_is_refused(desk, database):
    assert (await desk.send(csv_of(HEADER, *LINES), number="RK")).status_code == 201
    again = await desk.send(csv_of(HEADER, *LINES, encoding="gbk"), number="RK")
    assert (again.status_code, again.json()["replayed"]) == (200, True)
    other = await desk.send(csv_of(HEADER, *LINES[:2]), number="RK")
    assert other.status_code == 409
    assert other.json()["errors"][0]["extensions"]["code"] == "KEY_REUSED"
    assert other.json()["differing"] == ["lines[4]"]
    assert (await counts(database))[0] == 1


async def test_a_row_that_is_refused_as_a_whole_has_no_column(desk):
    book = Workbook()
    for row in (HEADER, GOOD, GOOD):
        book.active.append(row)
    book.active.row_dimensions[3].hidden = True
    found = (await desk.send(saved(book), "十月.xlsx", language="en")).json()
    reason = "the row is hidden or filtered out: show it, or delete it"
    assert found["problems"] == [{"row": 3, "column": None, "reason": reason}]


def told(found):
    """The errors of an answer: what a person reads, and the code."""
    return [(each["message"], each["extensions"]["code"]) for each in found["errors"]]


@pytest.mark.parametrize(
    ("language", "reason", "whole"),
    [
        ("zh", "须为整数：「一次」", "有 1 行无法读取，整份未导入。"),
        ("en", "expected a whole number; got 一次", "1 row cannot be read: nothing was imported."),
    ],
)
async def test_bad_rows_come_back_with_row_column_and_reason_and_nothing_is_taken(
    desk, database, language, reason, whole
):
    answer = await desk.send(csv_of(HEADER, *LINES, BAD), language=language)
    assert answer.status_code == 422
    found = answer.json()
    assert told(found) == [(whole, "UNREADABLE")]
    assert (found["goodRows"], found["refusedRows"]) == (3, 1)
    assert [(problem["row"], problem["column"]) for problem in found["problems"]] == [
        (5, "服务项目"),
        (5, "次数"),
    ]
    assert found["problems"][1]["reason"] == reason
    assert await counts(database) == (0, 0, 0)


async def test_to_keep_going_takes_the_good_rows_and_names_the_others(desk, database):
    answer = await desk.send(csv_of(HEADER, *LINES, BAD), keepGoing="true")
    assert answer.status_code == 201
    assert (answer.json()["goodRows"], answer.json()["refusedRows"], len(answer.json()["problems"])) == (
        3,
        1,
        2,
    )
    assert await counts(database) == (1, 3, 1)


async def test_of_very_many_problems_the_first_are_told_and_all_counted(desk):
    found = (await desk.send(csv_of(HEADER, *[("M", "vip-line", "x", "2026-10-01", "1", "")] * 2500))).json()
    assert (found["refusedRows"], len(found["problems"])) == (2500, 1000)


async def test_a_file_that_is_no_sheet_is_refused_with_the_reason(desk):
    answer = await desk.send(b"%PDF-1.7", "RK.pdf")
    assert answer.status_code == 422
    (problem,) = answer.json()["problems"]
    assert problem["row"] is None
    assert "PDF" in problem["reason"]


@pytest.mark.parametrize("period", ["", "10/2026", "1990-01"])
async def test_what_is_no_month_is_told_which_months_there_are(desk, period):
    answer = await desk.send(csv_of(HEADER, *LINES), period=period)
    message = "`period`: expected a month from 2000-01 to 2199-12, like 2026-10."
    assert told(answer.json()) == [(message, "BAD_REQUEST")]


@pytest.mark.parametrize(
    ("form", "status", "code"),
    [
        ({"vendor": "nobody"}, 422, "INVALID"),
        ({"period": "2026-12"}, 422, "INVALID"),
        ({"period": "10/2026"}, 400, "BAD_REQUEST"),
        ({"vendor": ""}, 400, "BAD_REQUEST"),
        ({"keepGoing": "yes"}, 400, "BAD_REQUEST"),
        ({"month": "2026-10"}, 400, "BAD_REQUEST"),
        ({"number": "x" * 5000}, 400, "BAD_REQUEST"),
        ({"sheet": "S"}, 422, "UNREADABLE"),
    ],
)
async def test_a_form_that_asks_for_nothing_sensible_is_refused(desk, database, form, status, code):
    answer = await desk.send(csv_of(HEADER, *LINES), **form)
    assert answer.status_code == status
    assert answer.json()["errors"][0]["extensions"]["code"] == code
    assert await counts(database) == (0, 0, 0)


@pytest.mark.parametrize(
    ("form", "status", "about"),
    [
        ({"vendor": "nobody"}, 422, "nobody"),
        ({"period": "2026-12"}, 422, "2026-12"),
        ({"number": "x" * 201}, 422, "number"),
        ({"period": "2026-09"}, 409, "2026-09"),
        ({"number": "RK-0"}, 409, "withdrawn"),
    ],
)
@pytest.mark.parametrize("content", [csv_of(HEADER, *[BAD] * 20), b"%PDF-1.7"], ids=["bad rows", "no sheet"])
async def test_what_no_mending_of_rows_would_help_is_told_before_them(
    desk, month, content, form, status, about
):
    gone = await month.state(number="RK-0")
    await withdraw(month.pool, statement=gone, note="x", by="li", handbook=month.handbook, now=NOW)
    await close_period(
        month.pool, vendor="v", month=date(2026, 9, 1), by="li", handbook=month.handbook, now=NOW
    )
    answer = await desk.send(content, language="en", **form)
    assert answer.status_code == status
    (error,) = answer.json()["errors"]
    assert about in error["message"]
    assert "problems" not in answer.json()


async def test_what_was_taken_before_the_close_may_come_again_after_it(desk, database):
    assert (await desk.send(csv_of(HEADER, *LINES), number="RK")).status_code == 201
    await close_by_hand(database.owner_pool)
    again = await desk.send(csv_of(HEADER, *LINES), number="RK")
    assert (again.status_code, again.json()["replayed"]) == (200, True)
    bad = await desk.send(csv_of(HEADER, *LINES, BAD), number="RK")
    assert bad.json()["errors"][0]["extensions"]["code"] == "UNREADABLE"


async def test_a_closed_month_takes_nothing_more(desk, database):
    assert (await desk.send(csv_of(HEADER, *LINES), "first.csv")).status_code == 201
    await close_by_hand(database.owner_pool)
    answer = await desk.send(csv_of(HEADER, *LINES), "second.csv")
    assert answer.status_code == 409
    assert answer.json()["errors"][0]["extensions"]["code"] == "PERIOD_CLOSED"


async def test_an_upload_for_a_locked_vendor_is_503_with_retry_after(desk, monkeypatch):
    async def wait_in_vain(*_asked, **_more):
        return busy()

    with monkeypatch.context() as patched:
        patched.setattr("app.statements.importing.submit", wait_in_vain)
        answer = await desk.send(csv_of(HEADER, *LINES), language="en")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
    (error,) = answer.json()["errors"]
    assert (error["extensions"]["code"], error["extensions"]["retryAfter"]) == ("BUSY", 2)
    assert (await desk.send(csv_of(HEADER, *LINES))).status_code == 201


@pytest.mark.parametrize("role", [role for role in Role if role not in {Role.FINANCE, Role.VENDOR}])
async def test_only_finance_and_vendors_send_statements(desk, database, role):
    answer = await desk.send(csv_of(HEADER, *LINES), role=role)
    assert answer.status_code == 403
    assert answer.json()["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert await counts(database) == (0, 0, 0)


async def test_without_a_token_nothing_is_read(desk):
    answer = await desk.client.post("/statements", files={"file": ("a.csv", b"x")})
    assert answer.status_code == 401
    assert (await desk.client.get("/statements")).status_code == 405


async def test_a_file_that_is_too_long_is_refused_announced_or_not(desk):
    long = csv_of(HEADER, *LINES * 3000)
    assert (await desk.send(long)).status_code == 413

    async def pieces():
        boundary = b"--b\r\ncontent-disposition: form-data; name=file; filename=a.csv\r\n\r\n"
        yield boundary
        for _ in range(100):
            yield b"x" * 10_000

    token = desk.tokens.issue(Role.FINANCE)
    answer = await desk.client.post(
        "/statements",
        content=pieces(),
        headers={"authorization": f"Bearer {token}", "content-type": "multipart/form-data; boundary=b"},
    )
    assert answer.status_code == 413


@pytest.mark.parametrize(
    ("content_type", "body", "status"),
    [
        ("application/json", b"{}", 415),
        ("multipart/form-data", b"x", 400),
        ("multipart/form-data; boundary=b", b"not a form", 400),
        ("multipart/form-data; boundary=b", b"--b\r\n\r\nx\r\n--b--\r\n", 400),
        ("multipart/form-data; boundary=b", b"--b--\r\n", 400),
    ],
)
async def test_what_is_no_form_is_refused(desk, content_type, body, status):
    token = desk.tokens.issue(Role.FINANCE)
    headers = {"authorization": f"Bearer {token}", "content-type": content_type}
    answer = await desk.client.post("/statements", content=body, headers=headers)
    assert answer.status_code == status
    assert answer.json()["errors"][0]["extensions"]["code"] in {"BAD_REQUEST", "UNSUPPORTED_MEDIA_TYPE"}


async def test_the_total_of_an_invoice_is_compared_and_kept(desk, database):
    content = csv_of(HEADER, *LINES)
    refused = await desk.send(content, language="en", total="50.00")
    assert refused.status_code == 422
    error = refused.json()["errors"][0]
    assert error["extensions"]["code"] == "TOTAL_DIFFERS"
    assert "CNY 50.00 are stated, the lines add up to 49.00" in error["message"]
    assert await counts(database) == (0, 0, 0)
    assert (await desk.send(content, total="many")).status_code == 400
    assert (await desk.send(content, total="¥49.00")).status_code == 201
    assert str(await database.owner_pool.fetchval("select total_amount from statements")) == "49.00"


async def test_a_total_of_the_sheet_that_differs_takes_nothing_even_to_keep_going(desk, database):
    rows = csv_of(HEADER, *LINES, BAD, ("合计", "", "5", "", "49.00"))
    answer = await desk.send(rows, keepGoing="true", language="en")
    assert answer.status_code == 422
    assert "1 total differs from the lines" in answer.json()["errors"][0]["message"]
    assert {each["row"] for each in answer.json()["problems"]} == {5, 6}
    assert await counts(database) == (0, 0, 0)


async def test_a_vendor_sends_its_own_statement_and_no_other(desk, database):
    answer = await desk.send(csv_of(HEADER, *LINES), role=Role.VENDOR)
    assert answer.status_code == 201
    assert (await desk.send(csv_of(HEADER, *LINES), role=Role.FINANCE)).json()["replayed"]
    other = await desk.send(csv_of(HEADER, *LINES), role=Role.VENDOR, vendor="w", number="other")
    assert (other.status_code, other.json()["errors"][0]["extensions"]["code"]) == (403, "FORBIDDEN")
    assert await database.owner_pool.fetchval("select count(*) from statements") == 1
