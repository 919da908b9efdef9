"""`entitlements verify` on wrong clocks: notes do not make it fail, bookings that must be reversed do."""

import pytest
import typer

from app.commands import upkeep
from rating.checking import Checked

NOTE = "note: customer M1 (id 1), entry 9: the clock ran back by 2 hours in front of it"
FAULT = "customer M1 (id 1), redemption 5: it was booked for 2027-05-20, 364 days ahead of now: finance reverses it"


def verifying(monkeypatch, *found: str) -> None:
    monkeypatch.setattr(upkeep, "reading_services", lambda *_: (list(found), [NOTE], Checked()))
    upkeep.verify()


def test_a_note_is_printed_and_does_not_fail_verify(monkeypatch, capsys):
    verifying(monkeypatch)
    told = capsys.readouterr()
    assert told.err == f"{NOTE}\n"
    assert told.out.endswith("the ledger is in order\n")


def test_what_must_be_taken_back_is_a_fault(monkeypatch, capsys):
    with pytest.raises(typer.Exit) as end:
        verifying(monkeypatch, FAULT)
    assert end.value.exit_code == 1
    told = capsys.readouterr()
    assert told.err == f"{NOTE}\n{FAULT}\n"
    assert told.out.endswith(": 1 fault\n")
