"""How the local stack differs from AWS, for whoever starts one."""

from __future__ import annotations

from dataclasses import dataclass

from prefdrop_local.guard import host_name


@dataclass(frozen=True)
class StackSettings:
    """How the local stack differs from AWS. Durations are seconds.

    `warm_workers` starts a worker of each function with the stack, so that first calls are quick;
    `minute_seconds` is how long a minute of a `rate(...)` schedule lasts; `wait_scale` multiplies
    `Seconds` and `SecondsPath` waits and retry pauses of state machines; `allow_hosts` are names
    under which others than this machine reach its servers, such as `host.docker.internal`. Raises
    ValueError when one is no host name.
    """

    workers_per_function: int = 8
    warm_workers: bool = True
    minute_seconds: float = 5.0
    wait_scale: float = 1.0
    async_retry_seconds: float = 1.0
    port: int = 0
    allow_hosts: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in self.allow_hosts:
            host_name(name)
