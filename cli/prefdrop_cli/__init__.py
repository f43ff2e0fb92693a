"""The operator's command `prefdrop`."""
