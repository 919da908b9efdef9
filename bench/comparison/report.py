"""The tables: as text for a terminal, which is Markdown too."""

from collections.abc import Iterable, Sequence

from bench.comparison.values import Detail, Line, Result, Spread, figure

_TABLE = ("work", "against", "ratio (all rounds)", "CPU", "goal", "", "ours", "theirs")
_DETAILS = ("work", "who", "load", "a second", "p50", "p99", "CPU of service", "of database", "memory")


def ratio(value: float) -> str:
    """A ratio with as many digits as it deserves."""
    return f"{value:,.0f}" if value >= 20 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def table(lines: Sequence[Line]) -> str:
    """The lines, each with its ratio, the rounds' range, and whether the goal is reached."""
    return _table(
        _TABLE,
        (
            (
                line.work,
                line.against,
                f"**{ratio(line.ratio.median)}** ({ratio(line.ratio.low)} to {ratio(line.ratio.high)})",
                "" if line.cpu is None else ratio(line.cpu.median),
                str(line.goal),
                "reached" if line.reached else "not yet",
                line.ours,
                line.theirs,
            )
            for line in lines
        ),
    )


def details_table(details: Sequence[Detail]) -> str:
    """What each contestant did under each load, as medians of the rounds."""
    return _table(_DETAILS, (_detail(each) for each in details))


def notes_list(results: Sequence[Result]) -> str:
    """What the answers leave out."""
    return "\n".join(f"- {note}" for note in dict.fromkeys(note for each in results for note in each.notes))


def _detail(detail: Detail) -> Sequence[str]:
    runs = detail.runs

    def middle(values: Iterable[float], factor: float = 1) -> float:
        return factor * Spread.of(values).median

    waited = all(run.waited_s for run in runs)
    memory = middle(run.memory_mib for run in runs)
    return (
        detail.work,
        detail.who,
        detail.load,
        figure(middle(run.rate for run in runs)),
        f"{figure(middle((run.percentile_s(50) for run in runs), 1000))} ms" if waited else "",
        f"{figure(middle((run.percentile_s(99) for run in runs), 1000))} ms" if waited else "",
        f"{figure(middle((run.service_cpu_s / run.count for run in runs), 1000))} ms",
        f"{figure(middle((run.database_cpu_s / run.count for run in runs), 1000))} ms",
        f"{memory:.0f} MiB" if memory else "",
    )


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    said = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in said)
