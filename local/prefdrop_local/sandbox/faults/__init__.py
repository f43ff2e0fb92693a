"""Faults that strike chosen requests: what networks, proxies and a tired vendor do to a caller.

`rules` is what can be asked for, `plan` decides which request is struck, `striking` carries it out
between applying a request and answering it, `wire` does so on the socket, `held` keeps requests
that are applied late, `answers` and `pages` falsify answers. Without rules nothing of it runs.
"""
