"""From records and published tables to the leaderboard: JSON, CSV and a page."""
