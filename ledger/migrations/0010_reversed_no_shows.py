"""No-shows that were taken back: see the SQL beside this file."""

from pathlib import Path

from tortoise import migrations
from tortoise.migrations.operations import RunSQL


class Migration(migrations.Migration):
    """Adds the mark of a no-show that was reversed, and leaves it out of the deliveries."""

    dependencies = [("ledger", "0009_hold_clocks")]
    operations = [RunSQL(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))]
