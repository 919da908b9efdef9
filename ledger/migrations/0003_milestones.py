"""Milestones of holds: see the SQL beside this file."""

from pathlib import Path

from tortoise import migrations
from tortoise.migrations.operations import RunSQL


class Migration(migrations.Migration):
    """Creates the table of milestones, append-only like the entries."""

    dependencies = [("ledger", "0002_reconciliation")]
    operations = [RunSQL(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))]
