"""Lambda handler of the workflow step execute_part."""

from prefdrop.importing import execute_part
from prefdrop.importing.step import step

handler = step(execute_part.run)
