"""How many stars there are is the edition's to say: see the SQL beside this file."""

from pathlib import Path

from tortoise import migrations
from tortoise.migrations.operations import RunSQL


class Migration(migrations.Migration):
    """Takes the greatest star out of the table of rating periods."""

    dependencies = [("rating", "0002_reratings")]
    operations = [RunSQL(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))]
