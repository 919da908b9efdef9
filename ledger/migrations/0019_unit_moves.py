"""What each entry adds to used and held units, as a view: see the SQL beside this file."""

from pathlib import Path

from tortoise import migrations
from tortoise.migrations.operations import RunSQL


class Migration(migrations.Migration):
    """Creates the view of what each entry of a redemption adds to the units used and held."""

    dependencies = [("ledger", "0018_groups")]
    operations = [RunSQL(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))]
