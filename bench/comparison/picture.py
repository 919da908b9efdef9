"""The table as a picture: how far each line is from its goal, on a logarithmic scale. SVG, written by hand.

A line at 1 is exactly at its goal; right of it is better. The bar ends at the median, the thin line spans all rounds.
"""

import math
from collections.abc import Iterator, Sequence
from html import escape

from bench.comparison.report import ratio
from bench.comparison.values import Line

_TEXT, _SCALE, _FIGURES, _ROW, _HEAD, _FOOT = 430, 420, 150, 26, 46, 30
_LOWEST, _HIGHEST = 0.02, 10.0
_TICKS = (0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10)
_REACHED, _MISSED, _INK, _FAINT = "#2a7d4f", "#c2552d", "#24292f", "#d0d7de"
_TITLE = "How far each line is from its goal (1: reached; right of it: better)"
_FONT = "font-family='system-ui, sans-serif' font-size='12'"


def picture(lines: Sequence[Line]) -> str:
    """The picture of the lines."""
    width, height = _TEXT + _SCALE + _FIGURES, _HEAD + _ROW * len(lines) + _FOOT
    size = f"viewBox='0 0 {width} {height}' width='{width}' height='{height}'"
    parts = (
        f"<svg xmlns='http://www.w3.org/2000/svg' {size} {_FONT}>",
        f"<rect width='{width}' height='{height}' fill='#ffffff'/>",
        f"<text x='12' y='20' font-size='14' font-weight='600' fill='{_INK}'>{_TITLE}</text>",
        *_axis(height),
        *(part for number, line in enumerate(lines) for part in _row(line, _HEAD + _ROW * number)),
        "</svg>",
    )
    return "\n".join(parts) + "\n"


def part_of_goal(line: Line, value: float) -> float:
    """What a value of the line comes to as a part of its goal; above 1: better than that."""
    if line.goal.at_least is not None:
        return value / line.goal.at_least
    return (line.goal.at_most or 1.0) / value


def _x(part: float) -> float:
    inside = min(_HIGHEST, max(_LOWEST, part))
    return _TEXT + _SCALE * math.log(inside / _LOWEST) / math.log(_HIGHEST / _LOWEST)


def _axis(height: int) -> Iterator[str]:
    for tick in _TICKS:
        x, colour = _x(tick), _INK if tick == 1 else _FAINT
        yield f"<line x1='{x:.1f}' x2='{x:.1f}' y1='{_HEAD - 8}' y2='{height - _FOOT}' stroke='{colour}'/>"
        yield (f"<text x='{x:.1f}' y='{height - 10}' text-anchor='middle' fill='{_INK}'>{tick:g}</text>")


def _row(line: Line, top: int) -> Iterator[str]:
    colour = _REACHED if line.reached else _MISSED
    end = _x(part_of_goal(line, line.ratio.median))
    ends = sorted((_x(part_of_goal(line, line.ratio.low)), _x(part_of_goal(line, line.ratio.high))))
    middle = top + _ROW // 2
    label = f"{line.work} / {line.against}"
    yield f"<text x='12' y='{middle + 4}' fill='{_INK}'>{escape(_short(label))}</text>"
    yield f"<rect x='{_TEXT}' y='{top + 5}' width='{max(1.0, end - _TEXT):.1f}' height='{_ROW - 10}' fill='{colour}'/>"
    yield f"<line x1='{ends[0]:.1f}' x2='{ends[1]:.1f}' y1='{middle}' y2='{middle}' stroke='{_INK}'/>"
    yield (
        f"<text x='{_TEXT + _SCALE + 12}' y='{middle + 4}' fill='{colour}'>"
        f"{ratio(line.ratio.median)} (goal {escape(str(line.goal))})</text>"
    )


def _short(text: str, most: int = 68) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
