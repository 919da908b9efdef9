"""Comments on the cells of a worksheet are told: they may say that a value is wrong."""

import posixpath
import zipfile
from collections.abc import Iterator

from app.statements.archive import small_part
from app.statements.sheets import listed, quoted
from base.words import Words

_MOST_TOLD = 10


def comments_of(archive: zipfile.ZipFile, sheet: str) -> Words | None:
    """The comments on a worksheet, which is a part of the archive; None where there are none. Raises SheetError."""
    told = list(_comments(archive, sheet))
    if not told:
        return None
    first, more = told[:_MOST_TOLD], len(told) - _MOST_TOLD
    rest_zh, rest_en = (f"，还有 {more} 条", f" and {more} more") if more > 0 else ("", "")
    return Words(
        f"有批注的单元格，请核对：{listed(first)}{rest_zh}",
        f"cells have comments, look at them: {listed(first, separator=', ')}{rest_en}",
    )


def _comments(archive: zipfile.ZipFile, sheet: str) -> Iterator[str]:
    folder, name = posixpath.split(sheet)
    relations = small_part(archive, f"{folder}/_rels/{name}.rels")
    for relation in () if relations is None else relations:
        if relation.get("Type", "").rpartition("/")[2] != "comments":
            continue
        part = posixpath.normpath(posixpath.join("/", folder, relation.get("Target", ""))).lstrip("/")
        comments = small_part(archive, part)
        for comment in () if comments is None else comments.iterfind(".//{*}comment"):
            text = "".join(each.text or "" for each in comment.iterfind(".//{*}t"))
            yield f"{comment.get('ref', '')} {quoted(text.strip())}"
