"""The table of `make bench`: our service beside its peers, each line a ratio measured in one run on one machine.

A measurement is a module with `measure(stage, effort)`; `bench.comparison.measurements` is the tuple of them. A stage
is everything that runs: a database, the service, and the peers, each started when it is first asked for.
"""
