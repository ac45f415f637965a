"""The status page and the answers to probes and scrapes: read-only, over what is stored."""
