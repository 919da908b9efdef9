"""The changes of an edition and their effect, as tables and files for its approval.

The table is for a person at a terminal, the workbook for a meeting. The CSV has moves and benefits as lines of one
table: the column `what` says which a line is. The members who lose a benefit are in a file of their own, for letters.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from tempfile import TemporaryFile
from typing import IO

from app.exports.columns import Cell, Column, Language
from app.exports.csvs import BYTE_ORDER_MARK, csv_head, csv_lines, csv_rows
from app.exports.making import new_workbook, saved
from app.exports.reporting import table
from app.exports.telling import SheetForm, Telling
from handbook.diff import Change
from ledger.what_if.comparing import BenefitChange, Consequences, Move
from ledger.what_if.portfolio import NamedLoss

_WIDTHS = (30, 20)


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIf:
    """The consequences of putting an edition in force, and its code."""

    edition: str
    consequences: Consequences


def changes_text(changes: Sequence[Change], language: Language) -> str:
    """The changes of an edition, a line each: the place, and in words."""
    if not changes:
        return "两个版本内容相同" if language is Language.ZH else "the editions say the same"
    width = max(len(each.place) for each in changes)
    return "\n".join(f"{each.place:{width}}  {each.words.spoken(language)}" for each in changes)


def changes_json(changes: Iterable[Change]) -> str:
    """The changes of an edition as JSON: a list of objects, their `words` in both languages."""
    return json.dumps(
        [
            {
                "place": each.place,
                "before": each.before,
                "after": each.after,
                "words": {"zh": each.words.zh, "en": each.words.en},
            }
            for each in changes
        ],
        ensure_ascii=False,
        indent=2,
    )


def move_columns(telling: Telling) -> list[Column[Move]]:
    """The columns of moves between stars."""
    return [
        Column(name="move", title="变动", cell=lambda move: move_words(move, telling)),
        Column(name="from_star", title="原星级", cell=lambda move: move.from_star),
        Column(name="to_star", title="新星级", cell=lambda move: move.to_star),
        Column(name="customers", title="客户数", cell=lambda move: move.customers),
    ]


def move_words(move: Move, telling: Telling) -> str:
    """The kind of a move: enter, leave, rise or fall."""
    if not move.from_star:
        return telling.say("加入", "enter")
    if not move.to_star:
        return telling.say("退出", "leave")
    return telling.say("升级", "rise") if move.to_star > move.from_star else telling.say("降级", "fall")


def benefit_columns(telling: Telling) -> list[Column[BenefitChange]]:
    """The columns of changes of benefits."""
    return [
        Column(name="benefit", title="服务项目代码", cell=lambda row: row.benefit, width=28),
        Column(name="name", title="服务项目", cell=lambda row: telling.benefit(row.benefit), width=30),
        Column(name="unit", title="单位", cell=lambda row: row.unit.value),
        Column(name="units_before", title="原额度", cell=lambda row: row.units_before),
        Column(name="units_after", title="新额度", cell=lambda row: row.units_after),
        Column(name="unlimited_before", title="原不限次客户数", cell=lambda row: row.unlimited_before),
        Column(name="unlimited_after", title="新不限次客户数", cell=lambda row: row.unlimited_after),
        Column(name="liability_before", title="原未用负债", cell=lambda row: row.liability_before, width=18),
        Column(name="liability_after", title="新未用负债", cell=lambda row: row.liability_after, width=18),
        Column(name="losing", title="失去权益客户数", cell=lambda row: row.losing),
        Column(name="gaining", title="获得权益客户数", cell=lambda row: row.gaining),
    ]


def loss_columns(telling: Telling) -> list[Column[NamedLoss]]:
    """The columns of losses: member, benefit and day, for a letter."""
    return [
        Column(name="member_no", title="会员号", cell=lambda row: row.loss.member_no),
        Column(name="name", title="姓名", cell=lambda row: row.name),
        Column(name="benefit", title="服务项目代码", cell=lambda row: row.loss.benefit),
        Column(name="benefit_name", title="服务项目", cell=lambda row: telling.benefit(row.loss.benefit)),
        Column(name="day", title="失去日期", cell=lambda row: row.loss.day),
        Column(name="star_before", title="原星级", cell=lambda row: row.loss.star_before),
        Column(name="star_after", title="新星级", cell=lambda row: row.loss.star_after),
    ]


def losses_heading(telling: Telling) -> bytes:
    """The heading of the file of losses."""
    return csv_head(loss_columns(telling), telling.language)


def losses_csv(losses: Iterable[NamedLoss], telling: Telling) -> bytes:
    """The lines of the file of losses."""
    return csv_rows(loss_columns(telling), losses, telling.language)


def what_if_text(what_if: WhatIf, telling: Telling) -> str:
    """Two tables for a person: moves between stars, and benefits with the sums of their liability."""
    found = what_if.consequences
    moves = table(move_columns(telling), found.moves, {"customers": _moving(found)})
    benefits = table(
        benefit_columns(telling),
        found.benefits,
        {"liability_before": _total(found)[0], "liability_after": _total(found)[1]},
    )
    heading = telling.say(
        f"版本 {what_if.edition}，{found.on}，客户 {found.customers}",
        f"edition {what_if.edition} on {found.on}, customers: {found.customers}",
    )
    return f"{heading}\n\n{moves}\n\n{benefits}"


async def what_if_file(what_if: WhatIf, form: SheetForm, telling: Telling) -> IO[bytes]:
    """The file; the caller closes it."""
    if form is SheetForm.CSV:
        file = TemporaryFile()  # noqa: SIM115 - the caller closes it
        file.write(BYTE_ORDER_MARK + csv_lines(_lines(what_if, telling), telling.language))
        file.seek(0)
        return file
    async with new_workbook(
        telling.say(f"版本 {what_if.edition}", f"edition {what_if.edition}"), telling
    ) as book:
        book.facts(telling.say("汇总", "Summary"), _summary(what_if, telling), _WIDTHS)
        book.table(telling.say("星级变动", "Moves"), move_columns(telling), telling.language).extend(
            what_if.consequences.moves
        )
        book.table(telling.say("服务项目", "Benefits"), benefit_columns(telling), telling.language).extend(
            what_if.consequences.benefits
        )
    return await saved(book)


def _lines(what_if: WhatIf, telling: Telling) -> Iterable[Sequence[Cell]]:
    """Moves and benefits under the headings of both."""
    moves, benefits = move_columns(telling), benefit_columns(telling)
    language = telling.language
    yield [
        telling.say("类别", "what"),
        *(column.heading(language) for column in moves),
        *(column.heading(language) for column in benefits),
    ]
    for move in what_if.consequences.moves:
        yield [
            telling.say("星级变动", "move"),
            *(column.cell(move) for column in moves),
            *(None for _ in benefits),
        ]
    for benefit in what_if.consequences.benefits:
        yield [
            telling.say("服务项目", "benefit"),
            *(None for _ in moves),
            *(column.cell(benefit) for column in benefits),
        ]


def _summary(what_if: WhatIf, telling: Telling) -> Iterable[Sequence[Cell]]:
    found = what_if.consequences
    before, after = _total(found)
    yield telling.say("版本", "edition"), what_if.edition
    yield telling.say("日期", "on"), found.on
    yield telling.say("客户数", "customers"), found.customers
    yield telling.say("星级变动客户数", "customers with another star"), _moving(found)
    yield telling.say("原未用负债", "liability before"), before
    yield telling.say("新未用负债", "liability after"), after
    yield telling.say("负债变动", "change"), after - before


def _moving(found: Consequences) -> int:
    return sum(move.customers for move in found.moves)


def _total(found: Consequences) -> tuple[Decimal, Decimal]:
    return (
        sum((each.liability_before for each in found.benefits), Decimal("0.00")),
        sum((each.liability_after for each in found.benefits), Decimal("0.00")),
    )
