"""Feature matching between two cameras under known homographies: our own protocol, of no paper."""
