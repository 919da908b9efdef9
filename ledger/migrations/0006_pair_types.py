"""Types for what a pair is: see the SQL beside this file."""

from pathlib import Path

from tortoise import migrations
from tortoise.migrations.operations import RunSQL


class Migration(migrations.Migration):
    """Gives the pass and the kind of a pair a type of their own."""

    dependencies = [("ledger", "0005_closed_periods")]
    operations = [RunSQL(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))]
