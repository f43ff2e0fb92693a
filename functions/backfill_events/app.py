"""Lambda handler that reads the vendor's events back, by schedule and on demand."""

from prefdrop.auditing import backfill_events
from prefdrop.auditing.services import EventServices
from prefdrop.importing.step import invoked

handler = invoked(backfill_events.run, EventServices)
