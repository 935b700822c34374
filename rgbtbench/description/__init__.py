"""Descriptions of datasets for others: in words, as a dataset card, as Croissant, as statistics."""
