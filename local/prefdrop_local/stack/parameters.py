"""Template parameters as the local stack sets them: the same behaviour, with shorter waits."""

from __future__ import annotations

from collections.abc import Mapping

LOCAL_PARAMETERS: Mapping[str, str] = {
    # A request to a server on this machine is answered at once or not at all.
    "RequestSeconds": "30",
    "GhostSeconds": "30",
    "LeaseSeconds": "40",
    "PollFirstSeconds": "1",
    "PollMaxSeconds": "2",
    # moto does not delete a protected table, and a local one protects nothing.
    "DeletionProtection": "false",
}
"""Used for the parameters that the template has; whoever starts a stack may override each."""
