"""The table of reratings is closed: see the SQL beside this file."""

from pathlib import Path

from tortoise import migrations
from tortoise.migrations.operations import RunSQL


class Migration(migrations.Migration):
    """Takes the right to write reratings away from the service."""

    dependencies = [("rating", "0004_activations")]
    operations = [RunSQL(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))]
