"""The API: calls go in, classified replies and snapshots come out. It decides nothing by itself."""
