"""Labels read straight from annotation files, for people who have those and no prepared shards."""
