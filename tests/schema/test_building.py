"""Inputs that are built by a plan are those that Strawberry builds itself."""

from datetime import UTC, date, datetime

import pytest
from strawberry.types.arguments import convert_argument

from schema.build import build_schema
from schema.mutations.inputs import EvidenceInput, RedeemInput

LEAST = {"memberNo": "M1", "benefit": "b", "idempotencyKey": "k"}
EVIDENCE = [
    {"kind": "report", "reference": "1", "diagnosedOn": date(2026, 1, 2)},
    {"kind": "card", "reference": "2"},
]
GIVEN = [
    LEAST,
    {**LEAST, "evidence": EVIDENCE, "occurredAt": datetime(2026, 1, 2, tzinfo=UTC), "holdHours": 3},
    {**LEAST, "evidence": None, "units": None, "beneficiary": "R1"},
    {**LEAST, "evidence": [], "units": 2, "policyNo": "P", "wishedNumber": "8", "facility": "f"},
]


@pytest.mark.parametrize("given", GIVEN)
def test_an_input_is_what_strawberry_itself_makes_of_it(given, monkeypatch):
    converter = build_schema().schema_converter

    def converted():
        return convert_argument(given, RedeemInput, converter.scalar_registry, converter.config)

    planned = converted()
    for each in (RedeemInput, EvidenceInput):
        assert each.__strawberry_definition__.from_input is not None
        monkeypatch.setattr(each.__strawberry_definition__, "from_input", None)
    assert planned == converted()
    assert planned.member_no == "M1"
