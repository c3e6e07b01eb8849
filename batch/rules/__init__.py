"""What a post may be: rows into posts with everything that is wrong with them. Touches no clock, network or sheet file."""
