"""`prefdrop console`: a read-only page about one stack, served on this machine only."""
