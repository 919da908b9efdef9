"""What would be, asked beforehand, and what then is."""
