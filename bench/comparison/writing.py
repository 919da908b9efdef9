"""Writes the table and the picture into docs/, where the rest of docs/performance.md explains them."""

from collections.abc import Sequence
from pathlib import Path

from bench.comparison.picture import picture
from bench.comparison.values import Line

_DOCS = Path(__file__).parents[2] / "docs"
_BEGIN, _END = "<!-- figures: begin -->", "<!-- figures: end -->"


def write(figures: str, lines: Sequence[Line]) -> None:
    """Replace the figures in the document, and the picture. Raises ValueError where the document has no place."""
    document = _DOCS / "performance.md"
    before, begun, rest = document.read_text(encoding="utf-8").partition(_BEGIN)
    _, ended, after = rest.partition(_END)
    if not begun or not ended:
        raise ValueError(f"{document.name} has no {_BEGIN} … {_END}")
    document.write_text(f"{before}{_BEGIN}\n\n{figures}\n\n{_END}{after}", encoding="utf-8")
    (_DOCS / "performance.svg").write_text(picture(lines), encoding="utf-8")
