"""The story of one import: what happened, in time order, and what it waits for now."""
