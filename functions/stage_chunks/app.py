"""Lambda handler of the workflow step stage_chunks."""

from prefdrop.importing import stage_chunks
from prefdrop.importing.step import step

handler = step(stage_chunks.run)
