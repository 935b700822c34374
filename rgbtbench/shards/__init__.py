"""Shards: deterministic tar files with a manifest and an index; written by `prepare`, checked by `verify`."""
