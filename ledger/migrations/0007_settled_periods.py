"""No period closes without a settlement: see the SQL beside this file."""

from pathlib import Path

from tortoise import migrations
from tortoise.migrations.operations import RunSQL


class Migration(migrations.Migration):
    """Creates the trigger that refuses to close a period that has no settlement."""

    dependencies = [("ledger", "0006_pair_types")]
    operations = [RunSQL(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))]
