"""Lambda handler of the workflow step collect_exceptions."""

from prefdrop.importing import collect_exceptions
from prefdrop.importing.step import step

handler = step(collect_exceptions.run)
