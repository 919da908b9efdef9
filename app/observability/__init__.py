"""The service seen from outside: metrics for Prometheus and traces for OpenTelemetry.

Nothing below `app` knows of either. The layers below tell observers of their work (`ledger.posting.observing`,
`base.observing`), requests leave facts (`app.requests.access`), and `telemetry` puts together what is switched on.
"""
