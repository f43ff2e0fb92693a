"""What moto lacks or does otherwise than AWS, one adapter per gap.

Each adapter replaces a few attributes of moto for the life of the stack. moto is untyped, so the
adapters are where `Any` ends. What has no adapter is named by `LocalStack.not_carried`.
"""
