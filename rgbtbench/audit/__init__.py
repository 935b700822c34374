"""What is wrong with prepared data, what is in it twice, and what of it a test set shares with a training set."""
