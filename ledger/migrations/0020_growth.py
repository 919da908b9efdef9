"""Indexes and settings for millions of customers: see the SQL beside this file."""

from pathlib import Path

from tortoise import migrations
from tortoise.migrations.operations import RunSQL


class Migration(migrations.Migration):
    """Adds indexes of entries for lists, and sets autovacuum and fill factors."""

    dependencies = [("ledger", "0019_unit_moves")]
    operations = [RunSQL(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))]
