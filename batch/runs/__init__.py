"""Turn a plan into outcomes: the only room that sends changes, each one written to the journal before it is sent."""
