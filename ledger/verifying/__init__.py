"""Whether the books are right: every entry replayed, every cache compared, every clock looked at."""
