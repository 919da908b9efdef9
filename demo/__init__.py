"""A demonstration: three hundred made-up members, three vendors, five months of activity (`entitlements serve --demo`).

`demo.cast` says what each member shows; `load` loads it.
"""

from demo.loading import load
from demo.portfolio import portfolio
from demo.service import DemoError

__all__ = ["DemoError", "load", "portfolio"]
