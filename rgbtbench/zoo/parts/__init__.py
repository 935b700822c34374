"""What several methods are built of: encoders, fusion, heads; one purpose per module."""
