"""Lambda handler of the workflow step announce_import."""

from prefdrop.importing import announce_import
from prefdrop.importing.step import step

handler = step(announce_import.run)
