"""Prepared data inside the training frameworks of others."""
