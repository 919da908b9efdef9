"""No clause is invented: what an edition quotes is printed, and its grid says what it quotes."""

import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace

import pytest

from handbook import Counted, EditionError, load_handbook
from handbook.printed import disputed, plain, quotes, quotes_are_printed, star_name
from tests.handbook.copies import Copy, EditionCopy

EDITION = load_handbook().latest
COUNTED = [
    (benefit.code, grade.star)
    for benefit in EDITION.benefits
    for grade in benefit.grid
    if isinstance(grade.allowance, Counted)
]
INVENTED = "此款从未印过"
QUOTING = {"cite", "says", "entitled", "frequency", "path", "how", "number", "cells"}
"""Fields whose texts are quotes; besides them, `text` of contents and of disclaimers."""


@pytest.fixture
def edition(tmp_path) -> EditionCopy:
    return Copy(tmp_path).add("copied", "1990-01-01")


def refusal_of(edition: EditionCopy) -> EditionError:
    with pytest.raises(EditionError) as caught:
        load_handbook(edition.folder)
    return caught.value


def raised(edition: EditionCopy, code: str, star: int) -> None:
    """Give one unit more in a cell, as a slip of the pen would."""
    for file in edition.folder.glob("*.yaml"):
        text = file.read_text("utf-8")
        if f"\n  {code}:\n" in text and file.name != "edition.yaml":
            begin = text.index("    grid:", text.index(f"\n  {code}:\n"))
            cell = re.compile(rf"(      {star}: .*units: )([0-9]+)").search(text, begin)
            more = f"{cell[1]}{int(cell[2]) + 1}"
            file.write_text(text[: cell.start()] + more + text[cell.end() :], "utf-8")


@pytest.mark.parametrize(("code", "star"), COUNTED)
def test_a_counted_cell_that_is_raised_by_one_is_refused_unless_that_cell_is_in_dispute(edition, code, star):
    raised(edition, code, star)
    if star in disputed(EDITION.benefit(code)):
        changed = load_handbook(edition.folder).latest.benefit(code)
        assert changed.allowance(star).units == EDITION.benefit(code).allowance(star).units + 1
    else:
        found = refusal_of(edition)
        assert found.place.startswith(f"benefits.{code}.")


def test_there_is_one_counted_cell_in_dispute():
    in_dispute = [(code, star) for code, star in COUNTED if star in disputed(EDITION.benefit(code))]
    assert in_dispute == [("medical-butler", 1)]


def test_a_discrepancy_about_one_cell_leaves_the_others_checked(edition):
    edition.change("care-access.yaml", "medical-butler:", "cells: [1]", "cells: [1, 2]")
    raised(edition, "medical-butler", 2)
    raised(edition, "medical-butler", 3)
    assert refusal_of(edition).place.startswith("benefits.medical-butler.grid.3 (line ")


def test_a_cell_in_dispute_must_be_one_of_the_grid(edition):
    edition.change("care-access.yaml", "medical-butler:", "cells: [1]", "cells: [6]")
    found = refusal_of(edition)
    assert found.place.startswith("benefits.medical-butler.discrepancies.1.cells.1 (line ")
    assert "the edition's tiers end at star 5" in found.reason


def test_who_is_entitled_must_be_who_the_grid_serves(edition):
    edition.change("care-access.yaml", "medical-butler:", "        cells: [1]\n", "")
    found = refusal_of(edition)
    assert found.place.startswith("benefits.medical-butler.grid.1 (line ")
    assert "“二星、三星、四星、五星臻选荟员。”, and the grid gives star 1 the benefit" in found.reason


def test_a_yearly_allowance_must_be_printed_as_yearly(edition):
    file = edition.folder / "privileges.yaml"
    text = file.read_text("utf-8")
    begin = text.index("  policy-cover:")
    file.write_text(text[:begin] + text[begin:].replace("per: POLICY", "per: SERVICE_YEAR"), "utf-8")
    found = refusal_of(edition)
    assert found.place.startswith("benefits.policy-cover.grid.4.per (line ")
    assert "the print does not say that it is given each year" in found.reason


def test_every_quote_of_the_shipped_edition_is_printed():
    assert not list(quotes_are_printed(EDITION))
    assert len(list(quotes(EDITION))) > 200


def texts_that_quote(value: object, path: str = "", *, quoting: bool = False) -> Iterator[str]:
    """The texts of all fields that quote, found by the names of the fields and not by `quotes`."""
    if isinstance(value, str):
        if quoting:
            yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from texts_that_quote(item, path, quoting=quoting)
    elif is_dataclass(value):
        kind = type(value).__name__
        for field in fields(value):
            is_content = field.name == "text" and kind in {"Content", "Sentence"}
            of_print = field.name in QUOTING and (field.name, kind) != ("cells", "Discrepancy")
            of_print = of_print or (field.name.endswith("_cite") and kind == "Benefit")
            yield from texts_that_quote(getattr(value, field.name), path, quoting=is_content or of_print)


def test_no_field_that_quotes_is_forgotten():
    looked_up = plain(" ".join(quoted for _, quoted in quotes(EDITION)))
    quoting = list(texts_that_quote(EDITION))
    assert len(quoting) > 200
    assert [quoted for quoted in quoting if plain(quoted) not in looked_up] == []


def test_every_quote_is_looked_up_in_the_print():
    faults = quotes_are_printed(replace(EDITION, print_text=""))
    assert [fault.path for fault in faults] == [path for path, _ in quotes(EDITION)]


@pytest.mark.parametrize(
    ("file", "old", "place"),
    [
        ("privileges.yaml", "frequency: 不限次。", "benefits.vip-line.printed.frequency"),
        ("privileges.yaml", "cite: [工作日 9：00~18：00。]", "benefits.vip-line.hours.cite.1"),
        (
            "care-access.yaml",
            "says: 14 个工作日完成预约安排",
            "benefits.critical-surgery-admission.discrepancies.1",
        ),
        ("care-access.yaml", "cite: [一个工作日内响应]", "benefits.medical-butler.service_level.cite.1"),
        ("edition.yaml", "cite: [单位 (RMB) 万元", "tiers.1.cite.1"),
        (
            "edition.yaml",
            "cite: [长期险年交保单 交费期（Y）≥ 10 年 年交保费 1 交费期]",
            "coefficients.1.cite.1",
        ),
        ("edition.yaml", "number: 400-815-6688", "channels.hotline.number"),
    ],
)
def test_an_invented_clause_is_refused(edition, file, old, place):
    key, _, said = old.partition(": ")
    opening, closing = "[" if said[0] == "[" else "", "]" if said[-1] == "]" else ""
    edition.change(file, "", old, f"{key}: {opening}{INVENTED}{closing}")
    found = refusal_of(edition)
    assert found.place.startswith(place)
    assert f"“{INVENTED}” does not occur in the printed text" in found.reason


def test_quotes_within_the_reason_of_a_setting_are_looked_up(edition):
    edition.change("edition.yaml", "settings:", "“臻选荟员及其直系亲属。”", f"“{INVENTED}”")
    assert refusal_of(edition).place.startswith("settings.immediate_family.cite (line ")


def test_an_edition_without_its_print_is_refused(edition):
    (edition.folder / "print.txt").unlink()
    found = refusal_of(edition)
    assert found.file.endswith("print.txt")
    assert "the printed text is missing" in found.reason


def test_a_print_that_is_no_text_is_refused(edition):
    (edition.folder / "print.txt").write_bytes("第一行\n".encode() + b"\xff\xfe")
    found = refusal_of(edition)
    assert (found.place, "not UTF-8" in found.reason) == ("line 2", True)


@pytest.mark.parametrize(
    ("written", "printed"),
    [
        ("（注：只可）", "( 注 : 只可 )"),
        ("[50—", "[ 50- "),
        ("“臻选荟员”", '"臻选荟员"'),
        ("9：00～18：00", "9:00~18:00"),
        ("优 • 服务", "优·服务"),
        ("Ｙ＜ 10", "Y<10"),
    ],
)
def test_white_space_and_typography_make_no_difference(written, printed):
    assert plain(written) == plain(printed)


def test_another_word_makes_a_difference():
    assert plain("14 天内") != plain("14 个工作日内")


@pytest.mark.parametrize(
    ("star", "name"),
    [
        (1, "一星"),
        (9, "九星"),
        (10, "十星"),
        (12, "十二星"),
        (20, "二十星"),
        (99, "九十九星"),
        (100, "一百星"),
    ],
)
def test_stars_are_named_as_the_print_does(star, name):
    assert star_name(star) == name
