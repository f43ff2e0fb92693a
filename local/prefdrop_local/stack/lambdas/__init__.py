"""Functions run as on Lambda: worker processes with their own environment and a time limit."""
