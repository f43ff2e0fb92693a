"""Lambda handler of the workflow step record_failure."""

from prefdrop.importing import record_failure
from prefdrop.importing.step import step

handler = step(record_failure.run)
