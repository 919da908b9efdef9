"""The service seen from outside: metrics for Prometheus and traces for OpenTelemetry.

Nothing below `app` knows of either. The layers below tell observers of their work (`ledger.observing`,
`rating.observing`), requests leave facts (`app.http.access`), and `telemetry` puts together what is switched on.
"""
