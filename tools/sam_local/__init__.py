"""Built functions in containers, by `sam local`, against servers of this machine."""
