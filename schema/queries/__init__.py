"""What may be asked, one subject a file: resolvers check who asks, read set-based, and show."""
