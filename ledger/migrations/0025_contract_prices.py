"""What contracts cost from day to day, as spans that do not overlap: see the SQL beside this file."""

from pathlib import Path

from tortoise import migrations
from tortoise.migrations.operations import RunSQL


class Migration(migrations.Migration):
    """Adds the spans of prices, kept by a trigger, and joins deliveries with them."""

    dependencies = [("ledger", "0024_four_eyes")]
    operations = [RunSQL(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))]
