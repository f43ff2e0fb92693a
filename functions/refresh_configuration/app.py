"""Lambda handler of the scheduled refresh of the configuration snapshot."""

from prefdrop.configuring import refresh
from prefdrop.importing.step import step

handler = step(refresh.run)
