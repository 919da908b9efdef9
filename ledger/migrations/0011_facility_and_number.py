"""Where a redemption was, and the number wished for: see the SQL beside this file."""

from pathlib import Path

from tortoise import migrations
from tortoise.migrations.operations import RunSQL


class Migration(migrations.Migration):
    """Adds the facility and the wished number to the cache of redemptions."""

    dependencies = [("ledger", "0010_reversed_no_shows")]
    operations = [RunSQL(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))]
