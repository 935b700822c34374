"""Looking at prepared data: a static HTML viewer that opens anywhere, and grouped datasets in FiftyOne."""
