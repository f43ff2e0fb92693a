"""Lambda handler of start_exports, which runs every few minutes."""

from prefdrop.exporting import start_exports
from prefdrop.exporting.step import export_step

handler = export_step(start_exports.run)
