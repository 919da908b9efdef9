"""Editions for tests: the shipped one with changes, so that it has whatever keys the shipped one has.

`Draft` reads the shipped folder, is edited as plain dictionaries and lists, and writes a folder again. A scalar that
nobody edits is written as it stood there, tag and quotes too: the handbook's reader is strict about both.
"""

import shutil
from collections.abc import Callable, Iterator
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from handbook import SHIPPED_EDITIONS
from handbook.printed import star_name

SHIPPED = "zhenxuan-1"
SECOND = "zhenxuan-2"
TOP = "edition.yaml"
SIX_STARS_FROM = "2027-01-01"


class Scalar(str):
    """A scalar as a file has it."""

    __slots__ = ("style", "tag")
    tag: str
    style: str | None

    @classmethod
    def of(cls, node: yaml.ScalarNode) -> "Scalar":
        """The scalar of a node."""
        scalar = cls(node.value)
        scalar.tag, scalar.style = node.tag, node.style
        return scalar

    def __deepcopy__(self, memo: dict[int, Any]) -> "Scalar":
        """The same: it never changes."""
        return self


class _Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # in C where it can be: ten times as fast
    """Writes scalars as they were read, and nothing as an alias."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


_Dumper.add_representer(
    Scalar, lambda dumper, data: dumper.represent_scalar(data.tag, str(data), style=data.style)
)


@cache
def _composed(path: Path) -> yaml.Node:
    return yaml.compose(path.read_text("utf-8"), Loader=yaml.SafeLoader)


def _plain(node: yaml.Node) -> Any:
    if isinstance(node, yaml.MappingNode):
        return {_plain(key): _plain(value) for key, value in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [_plain(each) for each in node.value]
    assert isinstance(node, yaml.ScalarNode)
    return Scalar.of(node)


class Draft:
    """The shipped edition, to be changed: `files` by name, `top` the edition's own keys. Keys are texts, stars too."""

    def __init__(self, code: str, effective_from: str) -> None:
        self._shipped = SHIPPED_EDITIONS / SHIPPED
        self.files: dict[str, Any] = {
            path.name: _plain(_composed(path)) for path in sorted(self._shipped.glob("*.yaml"))
        }
        self._as_shipped = deepcopy(self.files)
        self.top: dict[str, Any] = self.files[TOP]
        """The keys of `edition.yaml`."""
        self.code = code
        self.printed: list[str] = []
        """Clauses that the print of this edition has besides."""
        self.top["code"] = code
        self.top["effective_from"] = effective_from

    def setting(self, name: str, value: Any) -> None:
        """Decide a setting otherwise."""
        self.top["settings"][name]["value"] = value

    def section_of(self, code: str) -> dict[str, Any]:
        """The benefits of the section that has this one, by code."""
        return next(
            file["benefits"] for name, file in self.files.items() if name != TOP and code in file["benefits"]
        )

    def benefit(self, code: str) -> dict[str, Any]:
        """A benefit."""
        return self.section_of(code)[code]  # type: ignore[no-any-return]

    def benefits(self) -> list[dict[str, Any]]:
        """All benefits."""
        return [
            each for name, file in self.files.items() if name != TOP for each in file["benefits"].values()
        ]

    def print_who_is_served(self) -> None:
        """Let the print name the stars that a grid serves, and the benefits no variants that no star has."""
        for benefit in self.benefits():
            served = [int(star) for star, grade in benefit["grid"].items() if isinstance(grade, dict)]
            family = "及其直系亲属" if benefit["family_shared"] == "true" else ""
            benefit["printed"]["entitled"] = f"{'、'.join(map(star_name, served))}臻选荟员{family}。"
            used = [grade.get("variant") for grade in benefit["grid"].values() if isinstance(grade, dict)]
            if "variants" in benefit:
                benefit["variants"] = [each for each in benefit["variants"] if each["name"] in used]

    def give(self, code: str, star: int, units: int, cell: str) -> None:
        """Let a star have so many units of a benefit, as its only printed row says."""
        benefit = self.benefit(code)
        benefit["grid"][str(star)]["units"] = units
        benefit["printed"]["rows"][0]["cells"][star - 1] = cell

    def drop(self, code: str) -> None:
        """Give a benefit up."""
        del self.section_of(code)[code]
        self.top.setdefault("drops", []).append(code)

    def write(self, folder: Path) -> Path:
        """Write the edition into a folder of editions; its own folder."""
        own = folder / self.code
        shutil.copytree(self._shipped, own)
        for name, content in self.files.items():
            if content == self._as_shipped[name]:
                continue
            text = yaml.dump(content, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=1000)
            (own / name).write_text(text, "utf-8")
        source = own / "print.txt"
        source.write_text("\n".join([source.read_text("utf-8"), *self._printed_anew(), ""]), "utf-8")
        return own

    def _printed_anew(self) -> Iterator[str]:
        """The clauses of this edition's own print: its rows and whom it serves, and what a test has printed besides."""
        yield from self.printed
        for benefit in self.benefits():
            printed = benefit["printed"]
            yield from (" ".join([row["name"], *row["cells"]]) for row in printed["rows"])
            yield printed["entitled"]


def changed(folder: Path, code: str, effective_from: str, change: Callable[[Draft], None]) -> Path:
    """Write the shipped edition, changed, into a folder of editions; its own folder."""
    draft = Draft(code, effective_from)
    change(draft)
    return draft.write(folder)


def six_stars(
    folder: Path, effective_from: str = SIX_STARS_FROM, *, also: Callable[[Draft], None] | None = None
) -> Path:
    """Write zhenxuan-2: what an insurer may change in a yearly review, all at once. The edition's own folder.

    Six stars (from 1,000,000), star 1 from 25,000 and star 2 from 50,000; a single premium of universal life counts
    half; 120 days back, holds of 48 hours (at most 1,000), 600 units a redemption, ten days of cooling-off;
    grandparents are family. Legal advice: 30 minutes at star 3, 120 at stars 5 and 6. The butler: 4 at star 5, 6 at
    star 6. The escort is dropped; home nursing, twice a year, is new at stars 5 and 6. `also` changes more.
    """

    def review(draft: Draft) -> None:
        _review(draft)
        if also is not None:
            also(draft)

    return changed(folder, SECOND, effective_from, review)


def _review(draft: Draft) -> None:
    _sixth_tier(draft)
    universal = next(row for row in draft.top["coefficients"] if row["design"] == "universal")
    universal["coefficient"] = "0.01"
    draft.setting("backdating_days", 120)
    draft.setting("default_hold_hours", 48)
    draft.setting("max_hold_hours", 1000)
    draft.setting("max_units_per_redemption", 600)
    draft.setting("cooling_off_days_long", 10)
    draft.setting("immediate_family", ["spouse", "parent", "child", "grandparent"])
    draft.give("legal-consultation", 3, 30, "30 分钟 / 年")
    for star in (5, 6):
        draft.give("legal-consultation", star, 120, "2 小时 / 年")
    draft.give("medical-butler", 5, 4, "4 次 / 年")
    draft.give("medical-butler", 6, 6, "6 次 / 年")
    nursing = _nursing(draft.benefit("outpatient-escort"))
    draft.section_of("outpatient-escort")["home-nursing"] = nursing
    draft.drop("outpatient-escort")
    draft.top["introduces"] = ["home-nursing"]
    for star in (5, 6):
        draft.give("home-nursing", star, 2, "2 次 / 年")
    draft.print_who_is_served()


def _sixth_tier(draft: Draft) -> None:
    tiers = draft.top["tiers"]
    tiers["1"]["from"] = 25_000
    tiers["1"]["to"] = tiers["2"]["from"] = 50_000
    tiers["6"] = deepcopy(tiers["5"]) | {"name": "六星臻选荟员", "name_en": "Six-star select member"}
    tiers["5"]["to"] = tiers["6"]["from"] = 1_000_000
    for benefit in draft.benefits():
        benefit["grid"]["6"] = deepcopy(benefit["grid"]["5"])
        for row in benefit["printed"]["rows"]:
            row["cells"].append(row["cells"][-1])
        benefit["printed"]["entitled"] = benefit["printed"]["entitled"].replace("五星", "五星、六星")


def _nursing(like: dict[str, Any]) -> dict[str, Any]:
    """A new benefit of stars 5 and 6, with whatever keys another one has."""
    nursing = deepcopy(like) | {"name": "上门护理", "name_en": "Home nursing"}
    nursing["grid"]["4"] = None
    nursing["printed"]["entitled"] = nursing["printed"]["entitled"].replace("四星、", "")
    nursing["printed"]["rows"][0]["name"] = "上门护理"
    nursing["printed"]["rows"][0]["cells"][3] = "-"
    return nursing
