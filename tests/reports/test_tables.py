"""A report as a table: as wide as it is, its cells as they are."""

from decimal import Decimal

from app.exports.columns import Column
from app.exports.reporting import table

COLUMNS = [
    Column(name="name", title="名称", cell=lambda row: row[0]),
    Column(name="units", title="数量", cell=lambda row: row[1]),
]


def test_no_cell_is_wrapped_cut_or_read_as_markup():
    rows = [("成人洁牙[red]:smile:", 12), ("长" * 100, Decimal("1234.50")), ("b", None)]
    heading, rule, *body, last_rule, sums = table(COLUMNS, rows, {"units": 15}).split("\n")
    assert heading == "name" + " " * 196 + "    units"
    assert rule == last_rule == "-" * 209
    assert body == [
        "成人洁牙[red]:smile:" + " " * 180 + "       12",
        "长" * 100 + "  1234.50",
        "b",
    ]
    assert sums == " " * 207 + "15"


def test_nothing_is_a_table_without_rows():
    assert table(COLUMNS, [], {}).split("\n") == ["name  units", "-----------", "-----------", ""]
