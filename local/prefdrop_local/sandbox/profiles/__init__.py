"""The profiles that imports and calls create, change and remove."""
