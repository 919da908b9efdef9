"""What the match looks up: see the SQL beside this file."""

from pathlib import Path

from tortoise import migrations
from tortoise.migrations.operations import RunSQL


class Migration(migrations.Migration):
    """Creates the functions and the view by which the match looks across months and members."""

    dependencies = [("ledger", "0014_audit_events")]
    operations = [RunSQL(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))]
