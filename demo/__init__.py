"""A demonstration: three hundred made-up members, three vendors, five months of activity (`serve --demo`).

`app.demo.cast` says who shows what; `load` brings it in.
"""

from app.demo.loading import load
from app.demo.portfolio import portfolio

__all__ = ["load", "portfolio"]
