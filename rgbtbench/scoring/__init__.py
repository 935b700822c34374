"""From predictions to numbers: per-image statistics first, then metrics with intervals."""
