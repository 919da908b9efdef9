"""What the service-level clock reads of holds: see the SQL beside this file."""

from pathlib import Path

from tortoise import migrations
from tortoise.migrations.operations import RunSQL


class Migration(migrations.Migration):
    """Creates the view of holds with what was done about them."""

    dependencies = [("ledger", "0008_side_by_side")]
    operations = [RunSQL(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))]
