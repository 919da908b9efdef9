"""Findings that come back with decisions: the file of `export findings`, its columns filled by a person.

Each filled row is checked, and all of them are decided, or none.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import IO

from app.exports.finding_columns import DECIDE, MATCH, NOTE, PAY, finding_columns
from app.exports.telling import Telling
from app.statements.sheets import Row, SheetError, Source, plain, quoted, shown, value_of
from app.statements.tables import open_sheets
from base.database import Pool
from base.words import Words
from ledger.ids import RedemptionId
from ledger.reconciliation.actions import action_words
from ledger.reconciliation.decisions import Decision, Seen, resolve_all
from ledger.reconciliation.kinds import kind_words
from ledger.reconciliation.values import Action, FindingKind, parse_finding_id
from rating.activations import AnyHandbook
from rating.customers import customers_by_member_no

_NEEDED = (
    "finding",
    "kind",
    "ledger_units",
    "ledger_amount",
    "action",
    DECIDE.name,
    PAY.name,
    MATCH.name,
    NOTE.name,
)
_MOST_DIGITS = 18


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Why a row is not decided. `sheet` is empty for a file with one."""

    sheet: str
    row: int
    words: Words

    def message(self, language: str) -> str:
        """The place and the reason in `zh` or `en`."""
        zh = f"「{self.sheet}」第 {self.row} 行" if self.sheet else f"第 {self.row} 行"
        en = f"{self.sheet}, row {self.row}" if self.sheet else f"row {self.row}"
        return Words(f"{zh}：{self.words.zh}", f"{en}: {self.words.en}").spoken(language)


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """How many findings were decided; none when there are problems."""

    decided: int
    problems: Sequence[Problem] = ()


@dataclass(slots=True, kw_only=True)
class _Filled:
    """The rows that somebody filled, and what is wrong with others."""

    places: list[tuple[str, int]] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


async def apply_decisions(
    pool: Pool, stream: IO[bytes], telling: Telling, *, by: str, handbook: AnyHandbook, now: datetime
) -> Applied:
    """Decide as a file says, all of it or nothing. Raises SheetError when it is no file of findings."""
    rows = list(_rows(stream, telling))
    numbers = {name.rpartition("-")[0] for _, row in rows for name in _names(row)}
    customers = {no: each.id for no, each in (await customers_by_member_no(pool, numbers)).items()}
    filled = _Filled()
    for (sheet, number), row in rows:
        decision = _decision(row, customers)
        if isinstance(decision, Words):
            filled.problems.append(Problem(sheet=sheet, row=number, words=decision))
        else:
            filled.places.append((sheet, number))
            filled.decisions.append(decision)
    if len({each.finding.period for each in filled.decisions}) > 1:
        raise SheetError(
            "文件含有几个账期的核对结果；请逐个账期处理",
            "the file has findings of several months: decide them month by month",
        )
    if filled.problems or not filled.decisions:
        return Applied(decided=0, problems=filled.problems)
    outcomes = await resolve_all(pool, filled.decisions, by=by, handbook=handbook, now=now)
    problems = [
        Problem(sheet=sheet, row=number, words=Words(refusal.message("zh"), refusal.message("en")))
        for (sheet, number), refusal in zip(filled.places, outcomes, strict=True)
        if refusal is not None
    ]
    return Applied(decided=0 if problems else len(outcomes), problems=problems)


def _rows(stream: IO[bytes], telling: Telling) -> Iterator[tuple[tuple[str, int], dict[str, str]]]:
    """The rows with something in a column to fill, by the columns' names, with the place of each."""
    found = False
    with open_sheets(stream) as sheets:
        for sheet in sheets:
            rows = iter(sheet.rows)
            places = _places(next(rows, None), telling)
            if places is None:
                continue
            found = True
            yield from _filled(sheet, rows, places)
    if not found:
        raise SheetError(
            "这不是带有决定栏的核对结果文件；请用 entitlements export findings 导出",
            "no file of findings with columns for decisions: export one with `entitlements export findings`",
        )


def _places(header: Row | None, telling: Telling) -> dict[str, int] | None:
    """The places of the columns by their names, from 0; None where one that is needed is missing."""
    if header is None:
        return None
    titles = {
        plain(each): column.name
        for column in finding_columns(telling)
        for each in (column.title, column.name)
    }
    places = {titles.get(plain(shown(cell)), ""): place for place, cell in enumerate(header.cells)}
    return places if all(name in places for name in _NEEDED) else None


def _filled(
    sheet: Source, rows: Iterator[Row], places: dict[str, int]
) -> Iterator[tuple[tuple[str, int], dict[str, str]]]:
    for row in rows:
        texts = {name: shown(row.cell(places[name])) for name in _NEEDED}
        for name in (PAY.name, "ledger_units", "ledger_amount"):
            value = value_of(row.cell(places[name]))
            texts[name] = f"{value:f}" if isinstance(value, Decimal) else texts[name]
        if any(texts[each.name] for each in (DECIDE, PAY, MATCH, NOTE)):
            yield (sheet.name, row.number), texts


def _decision(row: dict[str, str], customers: dict[str, int]) -> Decision | Words:
    """What a row decides, or why it cannot be read."""
    which, action = parse_finding_id(row["finding"]), _action(row[DECIDE.name])
    if which is None:
        return Words(
            "核对结果编号已被改动；请重新导出", "the column finding was changed: export the findings anew"
        )
    if action is None:
        names = [action_words(each).name for each in Action]
        return Words(
            f"「决定」须为 {'、'.join(each.zh for each in names)} 之一；实为「{quoted(row[DECIDE.name])}」",
            f"{DECIDE.name}: expected one of {', '.join(each.en for each in names)}; got {quoted(row[DECIDE.name])!r}",
        )
    seen = _seen(row)
    if seen is None:
        return Words("「类别」已被改动；请重新导出", "the column kind was changed: export the findings anew")
    pay = _number(row[PAY.name])
    if row[PAY.name] and pay is None:
        return Words(
            f"「决定付款」不是金额：{quoted(row[PAY.name])}",
            f"{PAY.name}: not an amount: {quoted(row[PAY.name])}",
        )
    redemptions = []
    for name in _names(row):
        redemption = _redemption(name, customers)
        if redemption is None:
            return Words(
                f"「配对核销」没有这一笔：{quoted(name)}；请照「候选核销编号」填写，如 M00012-37",
                f"{MATCH.name}: there is no {quoted(name)}; write it as the column candidates does, like M00012-37",
            )
        redemptions.append(redemption)
    return Decision(
        finding=which,
        action=action,
        note=row[NOTE.name],
        redemptions=tuple(redemptions),
        pay=pay,
        seen=seen,
    )


def _seen(row: dict[str, str]) -> Seen | None:
    """The finding as the file shows it; None where its kind is none."""
    kind = _kind(row["kind"])
    units = _number(row["ledger_units"])
    if kind is None:
        return None
    return Seen(
        kind=kind,
        ledger_units=int(units) if units is not None else None,
        ledger_amount=_number(row["ledger_amount"]),
        action=_action(row["action"]),
    )


def _kind(text: str) -> FindingKind | None:
    """A kind by its code, as CSV has it, or by its name in either language."""
    for each in FindingKind:
        if plain(text) in {plain(each.value), *map(plain, kind_words(each).name)}:
            return each
    return None


def _action(text: str) -> Action | None:
    """A decision by its code or by its name in either language."""
    for each in Action:
        if plain(text) in {plain(each.value), *map(plain, action_words(each).name)}:
            return each
    return None


def _number(text: str) -> Decimal | None:
    cleaned = text.replace(",", "")
    digits = cleaned.lstrip("-").replace(".", "", 1)
    if not digits.isascii() or not digits.isdigit() or len(digits) > _MOST_DIGITS:
        return None
    return Decimal(cleaned)


def _names(row: dict[str, str]) -> list[str]:
    """The names of the deliveries that a row is matched with."""
    return [
        each.strip()
        for each in row[MATCH.name].replace("，", ",").replace("、", ",").split(",")
        if each.strip()
    ]


def _redemption(name: str, customers: dict[str, int]) -> RedemptionId | None:
    member_no, _, sequence = name.rpartition("-")
    if member_no in customers and sequence.isascii() and sequence.isdigit() and len(sequence) <= _MOST_DIGITS:
        return RedemptionId(customers[member_no], int(sequence))
    return RedemptionId.parse(name)
