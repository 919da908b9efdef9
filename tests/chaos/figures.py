"""What the rounds showed, as a table by fault: for a person, and for docs/reliability.md."""

import os
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

HEAD = (
    "fault",
    "rounds",
    "acknowledged",
    "lost",
    "doubled",
    "verify failures",
    "not answered",
    "all answered again after: median",
    "worst",
)


@dataclass(kw_only=True)
class Figures:
    """Of one kind of fault."""

    rounds: int = 0
    acknowledged: int = 0
    lost: int = 0
    doubled: int = 0
    verify_failures: int = 0
    not_answered: int = 0
    seconds: list[float] = field(default_factory=list)

    @property
    def faultless(self) -> bool:
        """Whether nothing went wrong."""
        return not (self.lost or self.doubled or self.verify_failures or self.not_answered)

    def row(self, name: str) -> list[str]:
        """As cells of the table."""
        counts = (self.rounds, self.acknowledged, self.lost, self.doubled)
        times = (f"{median(self.seconds):.2f} s", f"{max(self.seconds):.2f} s") if self.seconds else ("", "")
        return [name, *(f"{each:,}" for each in (*counts, self.verify_failures, self.not_answered)), *times]


def total(all_of_them: Iterable[Figures]) -> Figures:
    """All kinds together."""
    together = Figures()
    for each in all_of_them:
        together.rounds += each.rounds
        together.acknowledged += each.acknowledged
        together.lost += each.lost
        together.doubled += each.doubled
        together.verify_failures += each.verify_failures
        together.not_answered += each.not_answered
        together.seconds += each.seconds
    return together


def table(by_fault: Mapping[str, Figures]) -> str:
    """The table in Markdown."""
    lines = [HEAD, ["---"] * len(HEAD)]
    lines += [each.row(name) for name, each in by_fault.items()]
    lines.append(total(by_fault.values()).row("all"))
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def report(by_fault: Mapping[str, Figures], seed: int) -> None:
    """Show the table, and write it to the file that was asked for."""
    text = table(by_fault)
    sys.stdout.write(f"\n{total(by_fault.values()).rounds} rounds, SEED={seed}:\n\n{text}\n")
    if file := os.environ.get("CHAOS_REPORT"):
        Path(file).write_text(text, encoding="utf-8")
