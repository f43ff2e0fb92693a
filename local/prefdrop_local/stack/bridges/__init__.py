"""What moto lacks or does otherwise than AWS, one adapter per gap.

Each adapter replaces a few attributes of moto for the life of the stack. moto is untyped, so the
adapters are where `Any` ends. An HTTP API has no adapter yet: `LocalStack.not_carried` names it.
"""
