"""Items about one event: which story a matched item belongs to."""
