"""What another handbook would do to everybody, without writing anything."""
