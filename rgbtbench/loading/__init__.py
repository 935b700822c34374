"""From shards to batches: decoding, label look-up, paired transforms, exact sampling."""
