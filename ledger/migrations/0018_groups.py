"""Groups and credit lines: see the SQL beside this file."""

from pathlib import Path

from tortoise import migrations
from tortoise.migrations.operations import RunSQL


class Migration(migrations.Migration):
    """Lets a line have several deliveries and a delivery several lines, and a statement credit lines."""

    dependencies = [("ledger", "0017_match_passes")]
    operations = [RunSQL(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))]
