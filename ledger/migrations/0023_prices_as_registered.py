"""Contract terms stay as they were registered: see the SQL beside this file."""

from pathlib import Path

from tortoise import migrations
from tortoise.migrations.operations import RunSQL


class Migration(migrations.Migration):
    """Prices are those of bounded terms first, then of the open term that began last."""

    dependencies = [("ledger", "0022_bridges")]
    operations = [RunSQL(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))]
