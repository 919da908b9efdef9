"""Members for whom everything may be redeemed, as a history stream."""

import json
from collections.abc import Iterable


def history_of(member_nos: Iterable[str]) -> str:
    """The lines that register these members and issue each a policy that lasts for ever."""
    lines = []
    for member_no in member_nos:
        common = {"member_no": member_no, "effective_on": "2024-03-01"}
        policy = {"policy_no": f"{member_no}-P", "line": "individual", "coverage": "long"}
        policy |= {"category": "annuity", "design": "traditional", "mode": "annual"}
        policy |= {"premium": "60000.00", "term_years": 100}
        lines += [
            common | {"event_id": f"{member_no}-1", "type": "customer_registered", "name": "久"},
            common | {"event_id": f"{member_no}-2", "type": "policy_issued"} | policy,
        ]
    return "".join(json.dumps(line) + "\n" for line in lines)
