"""What finance states that a statement comes to: see the SQL beside this file."""

from pathlib import Path

from tortoise import migrations
from tortoise.migrations.operations import RunSQL


class Migration(migrations.Migration):
    """Adds the total that is stated of a statement, which earlier ones do not have."""

    dependencies = [("ledger", "0020_growth")]
    operations = [RunSQL(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))]
