"""Who looked at whose data: see the SQL beside this file."""

from pathlib import Path

from tortoise import migrations
from tortoise.migrations.operations import RunSQL


class Migration(migrations.Migration):
    """Creates the table of audit events, and what makes and drops its months."""

    dependencies = [("ledger", "0013_subjects")]
    operations = [RunSQL(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))]
