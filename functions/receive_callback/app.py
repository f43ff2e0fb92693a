"""Lambda handler of the address to which the vendor reports that an export is ready."""

from prefdrop.exporting.receive_callback import callback

handler = callback()
