"""Address -> items: fetch | parse | normalise, and when to ask again.

Import the module you need: this package imports nothing by itself, so that the parser's own
process stays small.
"""
