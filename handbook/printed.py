"""An edition says what is printed: every clause that it quotes occurs in the print, and its grid agrees with them.

The printed text lies beside the edition. Quotes are compared without white space, and whatever kind of bracket, dash
or quotation mark was set: a PDF loses the one and changes the other. A grid may differ from what is quoted only in the
cells that a discrepancy puts in dispute.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator

from handbook.benefits import Allowance, Benefit, Counted, Hours, Per, Unit, Unlimited
from handbook.clauses import Discrepancy, Sentence
from handbook.faults import Fault
from handbook.values import Edition

NOTHING_PRINTED = "-"
"""The cell of a star that has nothing."""

UNLIMITED_PRINTED = "不限"
"""How the cell of an allowance without limit begins."""

YEARLY_PRINTED = "年"
"""What a clause says of an allowance that is given anew each year."""

EVERY_MEMBER_PRINTED = "全部"
"""How a clause begins that gives a benefit to all stars."""

_QUOTED = re.compile("“([^”]+)”")
_PRINTED_UNITS = re.compile(r"([0-9]+) ?(次|小时|分钟)")
_UNITS_OF = {"次": (Unit.TIMES, 1), "小时": (Unit.MINUTES, 60), "分钟": (Unit.MINUTES, 1)}
_STARS_NAMED = re.compile("([一二三四五六七八九十百]+)星")
_DIGITS = "零一二三四五六七八九"
_SAME_SIGNS = str.maketrans({"—": "-", "–": "-", "−": "-", "“": '"', "”": '"', "’": "'", "•": "·", "‧": "·"})


def plain(text: str) -> str:
    """Return a text without white space and with one sign for each kind of bracket, dash, dot and quotation mark."""
    return "".join(unicodedata.normalize("NFKC", text).translate(_SAME_SIGNS).split())


Quotes = Iterator[tuple[str, str]]
"""Paths into an edition, and what is quoted there."""


def quotes(edition: Edition) -> Quotes:
    """Yield every clause that an edition quotes, with its path."""
    yield from _of_tables(edition)
    yield from _of_codes(edition)
    for setting, cite in edition.settings.cites:
        yield from ((f"settings.{setting}.cite", quoted) for quoted in _QUOTED.findall(cite))
    for number, discrepancy in enumerate(edition.discrepancies, start=1):
        yield from _of_discrepancy(f"discrepancies.{number}", discrepancy)
    yield from _said("disclaimers", edition.disclaimers)
    yield from _said("rules", edition.rules)
    for benefit in edition.benefits:
        yield from _of_benefit(f"benefits.{benefit.code}", benefit)


def _of_tables(edition: Edition) -> Quotes:
    for tier in edition.tiers:
        yield from _listed(f"tiers.{tier.star}.cite", tier.cite)
    for number, row in enumerate(edition.coefficients, start=1):
        yield from _listed(f"coefficients.{number}.cite", row.cite)


def _of_codes(edition: Edition) -> Quotes:
    for option in edition.options:
        yield from _listed(f"options.{option.code}.cite", option.cite)
    for channel in edition.channels:
        yield from _of_hours(f"channels.{channel.code}", channel.hours)
        if channel.number is not None:
            yield f"channels.{channel.code}.number", channel.number
    for number, contact in enumerate(edition.contacts, start=1):
        yield f"contacts.{number}.number", contact.number
        yield from _of_hours(f"contacts.{number}", contact.hours)


def _of_discrepancy(path: str, discrepancy: Discrepancy) -> Quotes:
    for number, clause in enumerate(discrepancy.clauses, start=1):
        yield f"{path}.clauses.{number}.says", clause.says


def _of_benefit(path: str, benefit: Benefit) -> Quotes:
    for number, row in enumerate(benefit.printed.rows, start=1):
        yield f"{path}.printed.rows.{number}", " ".join((row.name, *row.cells))
    yield f"{path}.printed.entitled", benefit.printed.entitled
    yield f"{path}.printed.frequency", benefit.printed.frequency
    for access in benefit.access:
        for key, said in (("path", access.path), ("how", access.how)):
            if said is not None:
                yield f"{path}.channels.{access.channel}.{key}", said
    yield from _listed(f"{path}.content.text", benefit.content.text)
    yield from _said(f"{path}.advantages", benefit.advantages)
    yield from _of_hours(path, benefit.hours)
    yield from _listed(f"{path}.waiting.cite", benefit.waiting_cite)
    if benefit.wished_number is not None:
        yield from _listed(f"{path}.wished_number.cite", benefit.wished_number.cite)
    if benefit.service_level is not None:
        yield from _listed(f"{path}.service_level.cite", benefit.service_level.cite)
    for number, condition in enumerate(benefit.conditions, start=1):
        yield from _listed(f"{path}.conditions.{number}.cite", condition.cite)
    for number, discrepancy in enumerate(benefit.discrepancies, start=1):
        yield from _of_discrepancy(f"{path}.discrepancies.{number}", discrepancy)


def _listed(path: str, cite: tuple[str, ...]) -> Quotes:
    return ((f"{path}.{number}", quoted) for number, quoted in enumerate(cite, start=1))


def _said(path: str, sentences: tuple[Sentence, ...]) -> Quotes:
    return ((f"{path}.{number}.text", sentence.text) for number, sentence in enumerate(sentences, start=1))


def _of_hours(path: str, hours: Hours | None) -> Quotes:
    return _listed(f"{path}.hours.cite", hours.cite) if hours is not None else iter(())


def quotes_are_printed(edition: Edition) -> Iterator[Fault]:
    """No clause is invented: what is quoted occurs in the printed text."""
    printed = plain(edition.print_text)
    for path, quoted in quotes(edition):
        if plain(quoted) not in printed:
            reason = f"“{quoted}” does not occur in the printed text; quote it word for word, piece by piece"
            yield Fault(path=path, reason=reason)


def disputed_cells_exist(edition: Edition) -> Iterator[Fault]:
    """What is in dispute is a cell of the grid."""
    stars = len(edition.tiers)
    for benefit in edition.benefits:
        for number, discrepancy in enumerate(benefit.discrepancies, start=1):
            for index, star in enumerate(discrepancy.cells, start=1):
                if star > stars:
                    reason = f"unknown star {star}; the edition's tiers end at star {stars}"
                    yield Fault(
                        path=f"benefits.{benefit.code}.discrepancies.{number}.cells.{index}", reason=reason
                    )
    for number, discrepancy in enumerate(edition.discrepancies, start=1):
        if discrepancy.cells:
            reason = "cells are those of a benefit's grid; write the discrepancy with the benefit, or leave them out"
            yield Fault(path=f"discrepancies.{number}.cells", reason=reason)


def disputed(benefit: Benefit) -> frozenset[int]:
    """Return the stars whose cell of a benefit's grid is in dispute."""
    return frozenset(star for each in benefit.discrepancies for star in each.cells)


def _contradicts(cell: str, allowance: Allowance | None) -> bool:
    """Say whether a printed cell says something else than an allowance, or nothing that is understood."""
    if cell == NOTHING_PRINTED or allowance is None:
        return (cell == NOTHING_PRINTED) != (allowance is None)
    if cell.startswith(UNLIMITED_PRINTED) or isinstance(allowance, Unlimited):
        return cell.startswith(UNLIMITED_PRINTED) != isinstance(allowance, Unlimited)
    match = _PRINTED_UNITS.match(cell)
    if match is None:
        return True
    unit, size = _UNITS_OF[match[2]]
    return (unit, int(match[1]) * size) != (allowance.unit, allowance.units)


def grids_say_what_is_printed(edition: Edition) -> Iterator[Fault]:
    """A cell that differs from the quoted rows is a typing error, unless that cell is in dispute."""
    for benefit in edition.benefits:
        for grade, *cells in zip(benefit.grid, *(row.cells for row in benefit.printed.rows), strict=True):
            said = next((cell for cell in cells if cell != NOTHING_PRINTED), NOTHING_PRINTED)
            if grade.star not in disputed(benefit) and _contradicts(said, grade.allowance):
                reason = (
                    f"the printed row says “{said}” for star {grade.star}; correct one of the two, or record under "
                    "`discrepancies` which clause governs, with this star among its `cells`"
                )
                yield Fault(path=f"benefits.{benefit.code}.grid.{grade.star}", reason=reason)


def star_name(star: int) -> str:
    """Return how the print names a star up to 100: 一星, 十二星, 一百星."""
    hundreds, rest = divmod(star, 100)
    tens, ones = divmod(rest, 10)
    name = f"{_DIGITS[hundreds]}百" if hundreds else ""
    if tens:
        name += "十" if star < 20 else f"{_DIGITS[tens]}十"  # noqa: PLR2004 - 十二, but 二十二
    return f"{name}{_DIGITS[ones] if ones else ''}星"


def grids_serve_who_is_entitled(edition: Edition) -> Iterator[Fault]:
    """The stars that have a benefit are those that its 服务对象 names, but for cells in dispute."""
    for benefit in edition.benefits:
        entitled = benefit.printed.entitled
        named = {f"{name}星" for name in _STARS_NAMED.findall(entitled)}
        for grade in benefit.grid:
            serves = entitled.startswith(EVERY_MEMBER_PRINTED) or star_name(grade.star) in named
            if grade.star not in disputed(benefit) and serves != (grade.allowance is not None):
                reason = (
                    f"the print says “{entitled}”, and the grid gives star {grade.star} "
                    f"{'nothing' if serves else 'the benefit'}; correct one of the two, or record under "
                    "`discrepancies` which clause governs, with this star among its `cells`"
                )
                yield Fault(path=f"benefits.{benefit.code}.grid.{grade.star}", reason=reason)


def periods_are_printed(edition: Edition) -> Iterator[Fault]:
    """An allowance is given anew each year where a clause says 年, and only there."""
    for benefit in edition.benefits:
        said = [*(cell for row in benefit.printed.rows for cell in row.cells), benefit.printed.frequency]
        counted = [each for each in said if _PRINTED_UNITS.search(each)]
        yearly = any(YEARLY_PRINTED in each for each in counted)
        for grade in benefit.grid:
            if not isinstance(grade.allowance, Counted) or grade.star in disputed(benefit):
                continue
            if yearly != (grade.allowance.per is Per.SERVICE_YEAR):
                reason = (
                    f"per {grade.allowance.per}, but the print {'says' if yearly else 'does not say'} that it is given "
                    f"each year ({'; '.join(dict.fromkeys(counted))}); correct one of the two"
                )
                yield Fault(path=f"benefits.{benefit.code}.grid.{grade.star}.per", reason=reason)


PRINT_CHECKS: tuple[Callable[[Edition], Iterator[Fault]], ...] = (
    disputed_cells_exist,
    grids_say_what_is_printed,
    grids_serve_who_is_entitled,
    periods_are_printed,
    quotes_are_printed,
)
