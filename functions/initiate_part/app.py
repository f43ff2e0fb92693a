"""Lambda handler of the workflow step initiate_part."""

from prefdrop.importing import initiate_part
from prefdrop.importing.step import step

handler = step(initiate_part.run)
