"""Observability: metrics for Prometheus and traces for OpenTelemetry.

No package below `app` depends on either. The lower layers call observers (`ledger.posting.observing`,
`base.observing`), requests record facts (`app.requests.access`), and `telemetry` assembles what is enabled.
"""
