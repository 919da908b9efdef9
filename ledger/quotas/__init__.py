"""What a member may use, what is used, held and left: of one pool, of a member, of everybody."""
