"""Policy history → rated premium → star, for any day, as known at any moment.

A pure core (events, life cycle, history, contributions, timeline, tiers, intake) inside a thin shell that talks to
PostgreSQL (recording, importing, rerating, customers). The core reads no clock: the day and the moment are arguments.
"""
