"""Prefdrop on a laptop: the vendor as a local server, and the AWS stack without AWS."""
