"""Closes that one person proposes and another confirms: see the SQL beside this file."""

from pathlib import Path

from tortoise import migrations
from tortoise.migrations.operations import RunSQL


class Migration(migrations.Migration):
    """Adds proposals of closes, and who approved a settlement; earlier ones have neither."""

    dependencies = [("ledger", "0023_prices_as_registered")]
    operations = [RunSQL(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))]
