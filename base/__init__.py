"""Shared by all packages, without a business rule: database connections, SQL files, outages, bilingual text, months."""
