"""The processor time of mutations: of each one, and of each item of those that take many.

The answer of a mutation is weighed by its fields like any answer. The commands are posted to the demo portfolio, and
change it.
"""

import gc
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench.desk import Desk
from bench.field_costs import Measured
from schema.context import Role, Viewer

_MANY = 100
_LINES = 2_000
_LINE_VALUES = 7
"""The values of a line and the line itself: they are weighed as values."""
_VALUES = 45_000
_BENEFIT = "legal-consultation"
_HELD = "physical-exam"
_FINANCE = Viewer(role=Role.FINANCE)
_OPERATIONS = Viewer(role=Role.OPERATIONS)


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandCosts:
    """By mutation, by type of input, for any other input, and for any value within an argument."""

    fields: Mapping[str, Measured]
    inputs: Mapping[str, float]
    input_us: float
    value_us: float


async def command_costs(desk: Desk) -> CommandCosts:
    """Measure them."""
    members, vendor, holder = await _known(desk)
    fields: dict[str, Measured] = {}
    value = await _value_us(desk)
    supposed = await _supposing(desk, members[0])
    inputs: dict[str, float] = {"PolicyEventInput": supposed}
    redemptions = await _redemptions(desk, members, vendor)
    fields["redeemMany"] = Measured(each_us=redemptions[0], row_us=redemptions[1], length="inputs")
    fields |= await _follow_ups(desk, members, vendor, holder)
    events = await _many(desk, _OPERATIONS, _RECORD, "events", [_event(no, "a") for no in members])
    fields["recordPolicyEvents"] = Measured(
        each_us=events[0], row_us=max(0.0, events[1] - supposed), length="events"
    )
    fields["registerVendor"] = Measured(each_us=await _registering(desk))
    fields |= await _month(desk, members, vendor, inputs)
    inputs["StatementLineInput"] = max(0.0, inputs["StatementLineInput"] - _LINE_VALUES * value)
    input_us = await _input_us(desk, vendor, value)
    return CommandCosts(fields=fields, inputs=inputs, input_us=input_us, value_us=value)


_REDEEM_MANY = "mutation ($inputs: [RedeemInput!]!) { redeemMany(inputs: $inputs) { __typename } }"
_RECORD = "mutation ($events: [PolicyEventInput!]!) { recordPolicyEvents(events: $events) { __typename } }"
_SUBMIT = """mutation ($input: StatementInput!) { submitStatement(input: $input) {
    __typename ... on Statement { id } ... on Refusal { message } } }"""


async def _known(desk: Desk) -> tuple[Sequence[str], Viewer, Viewer]:
    """Members with much quota left, and the vendors of the benefits that are redeemed and held."""
    data = await desk.ask(
        """{ customers(first: 100, where: {star: {gte: 1}}) { edges { node { memberNo } } }
        vendors(first: 100) { edges { node { code benefits { code } } } } }"""
    )
    members = [edge["node"]["memberNo"] for edge in data["customers"]["edges"]]

    def vendor_of(benefit: str) -> Viewer:
        vendors = (edge["node"] for edge in data["vendors"]["edges"])
        code = next(each["code"] for each in vendors if {"code": benefit} in each["benefits"])
        return Viewer(role=Role.VENDOR, vendor=code)

    return members, vendor_of(_BENEFIT), vendor_of(_HELD)


async def _redemptions(desk: Desk, members: Sequence[str], vendor: Viewer) -> tuple[float, float]:
    inputs = [{"memberNo": no, "benefit": _BENEFIT, "units": 1, "idempotencyKey": "w"} for no in members]
    return await _many(desk, vendor, _REDEEM_MANY, "inputs", inputs)


async def _many(
    desk: Desk, viewer: Viewer, text: str, name: str, items: Sequence[Mapping[str, Any]]
) -> tuple[float, float]:
    """The time of the command, and of each item."""
    one, _ = await _took(desk, viewer, text, **{name: items[:1]})
    many, _ = await _took(desk, viewer, text, **{name: items[1:]})
    item = (many - one) / (len(items) - 2)
    return max(item, one - item), item


async def _follow_ups(
    desk: Desk, members: Sequence[str], vendor: Viewer, holder: Viewer
) -> Mapping[str, Measured]:
    """Redeem and reverse; hold, and end the hold in each way."""
    took: dict[str, list[float]] = {}

    async def command(name: str, input_type: str, viewer: Viewer, **fields: Any) -> str:
        text = f"""mutation ($input: {input_type}!) {{ {name}(input: $input) {{
            __typename ... on Redemption {{ id }} ... on Refusal {{ message }} }} }}"""
        us, data = await _took(desk, viewer, text, input=fields)
        took.setdefault(name, []).append(us)
        return str(data[name].get("id", ""))

    for place, no in enumerate(members[:40]):
        taking = {"memberNo": no, "idempotencyKey": f"w{place}"}
        redeemed = await command("redeem", "RedeemInput", vendor, **taking, benefit=_BENEFIT, units=1)
        if redeemed:
            await command(
                "reverse", "ReverseInput", vendor, redemption=redeemed, idempotencyKey="r", reason="-"
            )
        held = await command("hold", "RedeemInput", holder, **taking, benefit=_HELD)
        if not held:
            continue
        about = {"redemption": held}
        await command("respond", "RespondInput", holder, **about, idempotencyKey="p")
        at = "2026-11-30T09:00:00+08:00"
        await command("arrange", "ArrangeInput", holder, **about, idempotencyKey="q", appointmentAt=at)
        ending = ("confirm", "release", "noShow")[place % 3]
        kind = "ConfirmInput" if ending == "confirm" else "CloseHoldInput"
        await command(ending, kind, holder, **about, idempotencyKey="e")
    names = ("redeem", "reverse", "hold", "respond", "arrange", "confirm", "release", "noShow")
    return {name: Measured(each_us=_median(took[name])) for name in names}


def _event(member_no: str, series: str) -> dict[str, Any]:
    return {
        "eventId": f"weights-{series}-{member_no}",
        "memberNo": member_no,
        "effectiveOn": "2026-11-01",
        "policyIssued": {
            "policyNo": f"W{series}-{member_no}",
            "line": "INDIVIDUAL",
            "coverage": "LONG",
            "category": "WHOLE_LIFE",
            "design": "TRADITIONAL",
            "mode": "ANNUAL",
            "premium": "20000.00",
            "termYears": 10,
        },
    }


async def _registering(desk: Desk) -> float:
    text = """mutation ($code: String!, $terms: [ContractTermInput!]!) {
        registerVendor(code: $code, name: "weights", terms: $terms) { __typename } }"""
    terms = [{"benefit": _BENEFIT, "unitPrice": "3.50", "from": "2026-12-01"}]
    return _median([(await _took(desk, _OPERATIONS, text, code=f"w-{n}", terms=terms))[0] for n in range(5)])


async def _month(
    desk: Desk, members: Sequence[str], vendor: Viewer, inputs: dict[str, float]
) -> Mapping[str, Measured]:
    """A month of the vendor: submitted, reconciled, decided, withdrawn and closed."""
    lines = [
        {
            "lineNo": number,
            "memberNo": members[number % len(members)],
            "benefit": _BENEFIT,
            "units": 1 + number % 7,
            "occurredOn": f"2026-11-{1 + number % 20:02}",
            "amount": "3.50",
        }
        for number in range(1, _LINES + 1)
    ]
    statement = {"vendor": vendor.vendor, "number": "W-1", "period": "2026-11", "lines": lines}
    few, _ = await _took(
        desk, _FINANCE, _SUBMIT, input={**statement, "number": "W-2", "period": "2026-10", "lines": lines[:1]}
    )
    many, data = await _took(desk, _FINANCE, _SUBMIT, input=statement)
    inputs["StatementLineInput"] = (many - few) / _LINES
    period = {"vendor": vendor.vendor, "period": "2026-11"}
    whole = "($vendor: String!, $period: String!)"
    outcome = "(vendor: $vendor, period: $period) { __typename }"
    reconciling, _ = await _took(desk, _FINANCE, f"mutation {whole} {{ reconcilePeriod{outcome} }}", **period)
    identity = data["submitStatement"]["id"]
    found = await desk.ask(
        "query ($id: ID!) { statement(id: $id) { findings(first: 20) { edges { node { id } } } } }",
        id=identity,
    )
    deciding = [
        (
            await _took(
                desk,
                _FINANCE,
                "mutation ($input: ResolveInput!) { resolveFinding(input: $input) { __typename } }",
                input={"finding": edge["node"]["id"], "action": "DISPUTE", "note": "-"},
            )
        )[0]
        for edge in found["statement"]["findings"]["edges"]
    ]
    reopening = [
        {"finding": edge["node"]["id"], "action": "REOPEN", "note": "-"}
        for edge in found["statement"]["findings"]["edges"]
    ]
    together, _ = await _took(
        desk,
        _FINANCE,
        "mutation ($inputs: [ResolveInput!]!) { resolveFindings(inputs: $inputs) { __typename } }",
        inputs=reopening,
    )
    deciding_one = _median(deciding)
    text = 'mutation ($id: ID!) { withdrawStatement(statement: $id, note: "-") { __typename } }'
    withdrawing, _ = await _took(desk, _FINANCE, text, id=identity)
    closing, _ = await _took(desk, _FINANCE, f"mutation {whole} {{ closePeriod{outcome} }}", **period)
    return {
        "submitStatement": Measured(each_us=few),
        "reconcilePeriod": Measured(each_us=reconciling),
        "resolveFinding": Measured(each_us=deciding_one),
        "resolveFindings": Measured(
            each_us=deciding_one,
            row_us=max(0.0, together - deciding_one) / (len(reopening) - 1),
            length="inputs",
        ),
        "withdrawStatement": Measured(each_us=withdrawing),
        "closePeriod": Measured(each_us=closing),
    }


async def _value_us(desk: Desk) -> float:
    """The time of a value within a variable: coercing, counting, and passing it to the field that uses it."""
    text = "query ($stars: [Int!]) { customers(first: 1, where: {star: {in: $stars}}) { __typename } }"
    few, many = [
        _median([(await _took(desk, _OPERATIONS, text, stars=list(range(count))))[0] for _ in range(5)])
        for count in (1, _VALUES)
    ]
    return (many - few) / _VALUES


async def _input_us(desk: Desk, vendor: Viewer, value_us: float) -> float:
    """An object within a variable, without its values: documents of a redemption that is refused."""
    text = "mutation ($input: RedeemInput!) { redeem(input: $input) { __typename } }"
    taking = {"memberNo": "nobody", "benefit": _BENEFIT, "idempotencyKey": "-"}
    document = {"kind": "invoice", "reference": "-"}
    few, many = [
        _median(
            [
                (await _took(desk, vendor, text, input={**taking, "evidence": [document] * count}))[0]
                for _ in range(5)
            ]
        )
        for count in (1, _LINES)
    ]
    return max(0.0, (many - few) / _LINES - (len(document) + 1) * value_us)


async def _supposing(desk: Desk, member_no: str) -> float:
    """The time of an event of a what-if: judging it, and rating the customer with it."""
    text = """query ($no: String!, $events: [PolicyEventInput!]) { customer(memberNo: $no) {
        whatIf(events: $events) { __typename } } }"""
    events = [
        {**_event(member_no, f"s{n}"), "effectiveOn": f"{2010 + n % 15}-{1 + n % 9:02}-{10 + n % 18}"}
        for n in range(_MANY)
    ]
    few, many = [
        _median([(await _took(desk, _OPERATIONS, text, no=member_no, events=given))[0] for _ in range(5)])
        for given in (events[:1], events)
    ]
    return (many - few) / (_MANY - 1)


async def _took(desk: Desk, viewer: Viewer, text: str, **variables: Any) -> tuple[float, Any]:
    """The processor time of the process in microseconds, and the answer."""
    gc.collect()
    started = time.process_time_ns()
    data = await desk.ask(text, viewer, **variables)
    return (time.process_time_ns() - started) / 1000, data


def _median(took: Sequence[float]) -> float:
    return sorted(took)[len(took) // 2]
