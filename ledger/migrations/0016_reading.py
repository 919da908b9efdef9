"""What people read, as views and functions that whole statements share: see the SQL beside this file."""

from pathlib import Path

from tortoise import migrations
from tortoise.migrations.operations import RunSQL


class Migration(migrations.Migration):
    """Creates the views of entries, redemptions, statements and findings with all that is shown of them."""

    dependencies = [("ledger", "0015_match")]
    operations = [RunSQL(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))]
