"""Numbers beside the pictures: judges, the scores of a generator, what D has learned, and tables over seeds."""
