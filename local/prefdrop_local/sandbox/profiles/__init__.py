"""The profiles that imports create, change and remove."""
