"""A training run as one page: curves, and what a pre-training made of a few pairs over time."""
