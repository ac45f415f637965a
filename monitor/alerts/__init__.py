"""Whether, why and to whom a matched item is told."""
