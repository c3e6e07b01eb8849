"""What a post may be: rows into posts with all that is wrong with them. No clock, network or sheet file."""
