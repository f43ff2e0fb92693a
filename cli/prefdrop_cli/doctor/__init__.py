"""Examinations of a stack and of its vendor account, each finding with its remedy."""
