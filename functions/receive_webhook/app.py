"""Lambda handler of the webhook that the vendor's events come to."""

from prefdrop.auditing.receive_webhook import webhook

handler = webhook()
