"""Prefdrop moves consent and preference records between files and PossibleNOW MyPreferences 3.0."""

__version__ = "0.1.0"
