"""What a run of the match lays side by side: see the SQL beside this file."""

from pathlib import Path

from tortoise import migrations
from tortoise.migrations.operations import RunSQL


class Migration(migrations.Migration):
    """Creates the type of a line and a delivery side by side, and the view of deliveries anew."""

    dependencies = [("ledger", "0007_settled_periods")]
    operations = [RunSQL(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))]
