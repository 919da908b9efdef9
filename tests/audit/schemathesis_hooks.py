"""For Schemathesis: how values of our scalars look, and what an answer may never be."""

import schemathesis
from hypothesis import strategies as st
from schemathesis.graphql import nodes

ANY_TEXT = st.text(max_size=12)
AMOUNTS = st.decimals(min_value=-(10**9), max_value=10**9, places=2)


def written(values: st.SearchStrategy[str]) -> st.SearchStrategy:
    return (values | ANY_TEXT).map(nodes.String)


schemathesis.graphql.scalar("Date", written(st.dates().map(str)))
schemathesis.graphql.scalar("DateTime", written(st.datetimes().map(lambda moment: f"{moment.isoformat()}Z")))
schemathesis.graphql.scalar("Decimal", written(AMOUNTS.map(str)))


@schemathesis.check
def is_no_fault_of_the_service(_context, response, _case):
    """503 says that it cannot now. Nothing else may be the service's fault, under whatever status."""
    assert response.status_code < 500 or response.status_code == 503, f"HTTP {response.status_code}"
    codes = {each.get("extensions", {}).get("code") for each in response.json().get("errors", ())}
    assert not codes & {"INTERNAL", None}, response.text[:500]
