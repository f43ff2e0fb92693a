"""Lambda handler of the workflow step register_import."""

from prefdrop.importing import register_import
from prefdrop.importing.step import step

handler = step(register_import.run)
