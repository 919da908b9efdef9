"""What a request for a benefit must contain: from the same data as `ledger.entitlement.request_rules`. Pure.

So that vendors can look up the requirements instead of learning them from refusals one by one.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

from handbook import Benefit, Hours, Label, Option, Relation

L = TypeVar("L", bound=Label)


@dataclass(frozen=True, slots=True, kw_only=True)
class RequiredEvidence:
    """A kind of document that a request must have; with `diagnosis`, also the day of the diagnosis."""

    label: Label
    diagnosis: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirements:
    """What a request for a benefit must contain, and the conditions on it.

    `units`: they must be given, because the benefit counts minutes. `option`: one of `options` must be chosen.
    `policy`: the policy must be named with the request; for a benefit with a `wished_number` the policy is named at the
    confirmation. `facilities`: one of them must be named, if there are any. `relation`: what the beneficiary must be to
    the customer. `hours`: in which it is delivered; None where nothing is printed. `waiting_days` run from the first
    day of the unbroken spell of entitlement.
    """

    units: bool
    option: bool
    options: tuple[Option, ...]
    policy: bool
    wished_number: bool
    facilities: tuple[Label, ...]
    evidence: tuple[RequiredEvidence, ...]
    relation: Relation | None
    hours: Hours | None
    waiting_days: int


def requirements(benefit: Benefit, option: str | None = None) -> Requirements:
    """What a benefit asks for, with one of its options, or whichever is chosen (None).

    Raises ValueError for an option that the benefit does not have.
    """
    if option is not None and option not in benefit.options:
        raise ValueError(f"{benefit.code} has no option {option}")
    options = labelled(benefit.options, benefit.labels.options)
    return Requirements(
        units=benefit.units_told,
        option=bool(benefit.options),
        options=options,
        policy=benefit.policy_named,
        wished_number=benefit.wished_number is not None,
        facilities=labelled(benefit.facilities, benefit.labels.facilities),
        evidence=tuple(
            RequiredEvidence(label=each, diagnosis=benefit.illness_after_waiting)
            for each in labelled(benefit.evidence, benefit.labels.evidence_kinds)
        ),
        relation=_relation(options, option),
        hours=benefit.hours,
        waiting_days=benefit.waiting_days,
    )


def labelled(codes: Iterable[str], labels: Iterable[L]) -> tuple[L, ...]:
    """The labels of some codes, in the order of the codes. Raises KeyError for a code without one."""
    known = {label.code: label for label in labels}
    return tuple(known[code] for code in codes)


def _relation(options: tuple[Option, ...], chosen: str | None) -> Relation | None:
    """The relation that the option requires; without an option, the one that all options with a relation share."""
    asked = {each.relation for each in options if each.relation is not None and chosen in (None, each.code)}
    return asked.pop() if len(asked) == 1 else None
