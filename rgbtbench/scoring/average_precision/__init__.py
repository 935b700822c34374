"""Detection: average precision and recall."""
