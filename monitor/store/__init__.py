"""The only door to the database: one module per table group, each a set of functions on a transaction."""
