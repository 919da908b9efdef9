"""The way from stated to payable, kept with a settlement: see the SQL beside this file."""

from pathlib import Path

from tortoise import migrations
from tortoise.migrations.operations import RunSQL


class Migration(migrations.Migration):
    """Adds the bridge of a settlement, which those closed before do not have."""

    dependencies = [("ledger", "0021_stated_totals")]
    operations = [RunSQL(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))]
