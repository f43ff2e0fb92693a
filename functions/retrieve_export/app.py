"""Lambda handler of the workflow step retrieve_export."""

from prefdrop.exporting import retrieve_export
from prefdrop.exporting.step import export_step

handler = export_step(retrieve_export.run)
