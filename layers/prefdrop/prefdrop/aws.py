"""How long the functions' clients of AWS wait for an answer.

Each function must live longer than one call that AWS never answers, so that it can report it. The
environment says how often a call is sent: AWS_RETRY_MODE and AWS_MAX_ATTEMPTS in template.yaml.
"""

from __future__ import annotations

from botocore.config import Config

CALLS_AT_ONCE = 16
"""Most calls that one function makes in parallel."""

SMALL = Config(connect_timeout=2, read_timeout=10)
"""For services that answer in milliseconds. botocore waits 60 s, as long as some functions live."""

OBJECTS = Config(connect_timeout=3, read_timeout=10, retries={"total_max_attempts": 3})
"""For S3. The first time-out also holds for sending a block of a body."""

CALLER_WAITS = Config(
    connect_timeout=2,
    read_timeout=5,
    retries={"total_max_attempts": 3},
    max_pool_connections=CALLS_AT_ONCE,
)
"""For functions behind the HTTP API: their caller waits for 30 s at most, and calls again."""
