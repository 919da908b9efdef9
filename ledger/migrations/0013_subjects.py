"""Who did it, and terms that are only appended: see the SQL beside this file."""

from pathlib import Path

from tortoise import migrations
from tortoise.migrations.operations import RunSQL


class Migration(migrations.Migration):
    """Adds the subject to entries, milestones, outcomes and terms; of a term only the end may be set, once."""

    dependencies = [("ledger", "0012_revocations")]
    operations = [RunSQL(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))]
