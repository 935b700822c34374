"""Prepared data written back in the formats that other tools read."""
