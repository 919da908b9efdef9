"""Who told the events, and triggers for all that is only appended: see the SQL beside this file."""

from pathlib import Path

from tortoise import migrations
from tortoise.migrations.operations import RunSQL


class Migration(migrations.Migration):
    """Adds the subject to policy events; event ids, ratings and their periods refuse every change."""

    dependencies = [("rating", "0005_no_reratings")]
    operations = [RunSQL(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))]
