"""Every sheet of the corpus is read as it says, or refused by its cell."""

from datetime import date

import pytest

from app.statements.sheets import SheetError
from ledger.reconciliation.values import StatementLine
from tests.statements.corpus import CASES, Case
from tests.statements.sheets import read

OCTOBER = date(2026, 10, 1)
FEWEST = 150


def written(line: StatementLine) -> str:
    return f"{line.member_no} {line.benefit} {line.units} {line.occurred_on} {line.amount:.2f}"


@pytest.mark.parametrize("case", [pytest.param(case, id=case.says) for case in CASES])
async def test_a_sheet_is_read_as_it_says_or_refused_by_its_cell(case: Case):
    if case.whole:
        with pytest.raises(SheetError) as refused:
            await read(case.file(), month=OCTOBER)
        assert case.whole in refused.value.message()
        return
    found = await read(case.file(), month=OCTOBER)
    assert tuple(map(written, found.lines)) == case.lines, found.said
    assert len(found.said) == len(case.refused), found.said
    for said, begins in zip(found.said, case.refused, strict=True):
        assert said.startswith(begins)
    assert case.told in "".join(note.zh for note in found.checked.notes) + "".join(found.checked.ignored)


def test_the_corpus_is_large_and_each_of_its_sheets_is_another():
    assert len({case.says for case in CASES}) == len(CASES) >= FEWEST
