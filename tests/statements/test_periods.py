"""`entitlements period`: the state of a month, the match, and the close."""

import pytest

from tests.reconciliation.month import line, october

MONTH = ("--vendor", "v", "--period", "2026-10")
AGREEING = (
    line(1, october(5), "A-1"),
    line(2, october(6), "A-2", units=2),
    line(3, october(7), member_no="M2"),
)


@pytest.mark.usefixtures("activated")
async def test_a_month_is_shown_matched_again_closed_once_and_verified(run, month, database):
    await month.state(*AGREEING, line(4, october(9), "B"))
    shown = run("period", "show", *MONTH)
    assert shown.stdout.splitlines() == [
        "v  2026-10  OPEN  4 lines  stated 60.00  payable 48.00  open 1",
        "MATCHED           3",
        "NOT_IN_LEDGER     1",
        "         60.00           60.00        4  对账单金额（不含红冲行）",
        "        -12.00           48.00        1  台账没有",
        "          0.00           48.00        3  应付金额",
    ]
    assert run("period", "show", *MONTH, "--language", "en").stdout.endswith("payable\n")
    refused = run("period", "close", *MONTH, "--language", "en")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "line 4 of S-1 NOT_IN_LEDGER" in refused.stderr
    await month.deliver(october(9), "B", late=True)
    again = run("period", "reconcile", *MONTH)
    assert again.stdout.startswith("v  2026-10  OPEN  4 lines  stated 60.00  payable 60.00  open 0\n")
    closed = run("period", "close", *MONTH)
    assert "CLOSED  payable 60.00  carried forward 0.00  seal " in closed.stdout
    assert closed.stdout.splitlines()[1:] == ["family-doctor-phone  5 units  60.00"]
    twice = run("period", "close", *MONTH)
    assert (twice.returncode, twice.stderr) == (1, "2026-10 账期已经关闭。\n")
    async with database.owner_pool.acquire() as owner:
        await owner.execute("alter table settlements disable trigger user")
        await owner.execute("update settlements set closed_by = 'somebody else'")
    found = run("verify")
    assert found.returncode == 1
    assert "settlement v 2026-10: the seal is not that of what it rests on" in found.stderr


def test_what_is_no_month_and_who_is_no_vendor_is_said(run):
    for month in ("2026-13", "1990-01"):
        wrong = run("period", "show", "--vendor", "v", "--period", month)
        assert wrong.returncode == 2
        said = " ".join(wrong.stderr.replace("│", " ").split())
        assert f"expected a month from 2000-01 to 2199-12, like 2026-10; got '{month}'" in said
    unknown = run("period", "close", "--vendor", "nobody", "--period", "2026-10")
    assert (unknown.returncode, unknown.stderr) == (1, "没有代码为「nobody」的服务商。\n")
