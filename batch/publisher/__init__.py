"""The API: calls go in, classified replies and snapshots come out. It decides nothing about what is to be done."""
