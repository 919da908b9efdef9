"""Which editions of the handbook are in force, and since when: see the SQL beside this file."""

from pathlib import Path

from tortoise import migrations
from tortoise.migrations.operations import RunSQL


class Migration(migrations.Migration):
    """Creates handbooks, activations and what an activation stages; each rating says by which method it was made."""

    dependencies = [("rating", "0003_stars")]
    operations = [RunSQL(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))]
