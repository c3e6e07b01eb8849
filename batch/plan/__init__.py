"""The plan: checked posts and a snapshot of the site become a plan, without clock, file or network."""
