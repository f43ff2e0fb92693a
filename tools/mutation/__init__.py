"""Mutation score of the code that accounts for every record: `python -m tools.mutation`."""
