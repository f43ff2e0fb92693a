"""Checks that the project runs on itself; none of it is installed or deployed."""
