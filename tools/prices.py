"""What AWS charges in us-east-1, in US dollars, without free tiers, volume steps or taxes.

Read on 2026-11-22 from stored copies of the pages named here, which may be older than that. The
prices without a page were written down from memory and could not be looked up. Check all of them
before you rely on a figure made of them.
"""

from __future__ import annotations

from typing import NamedTuple

REGION = "us-east-1"
READ_ON = "2026-11-22"


class Price(NamedTuple):
    """`dollars` for `per` units; `page` is where it was read, empty where it could not be."""

    dollars: float
    per: int
    unit: str
    page: str = ""

    def of(self, units: float) -> float:
        """What `units` cost, in dollars."""
        return units * self.dollars / self.per


MILLION = 1_000_000

LAMBDA_REQUEST = Price(0.20, MILLION, "calls", "https://cloudchipr.com/blog/aws-lambda-pricing")
LAMBDA_GB_SECOND = Price(
    13.3334, MILLION, "GB-seconds", "https://cloudchipr.com/blog/aws-lambda-pricing"
)
"""On arm64; x86_64 costs a quarter more."""
TRANSITION = Price(
    0.025, 1_000, "state transitions", "https://aws.amazon.com/step-functions/pricing/"
)
WRITE_UNIT = Price(
    0.625, MILLION, "write units", "https://airbyte.com/data-engineering-resources/dynamodb-pricing"
)
READ_UNIT = Price(
    0.125, MILLION, "read units", "https://airbyte.com/data-engineering-resources/dynamodb-pricing"
)
TABLE_GB = Price(0.25, 1, "GB-months of table")
RECOVERY_GB = Price(0.20, 1, "GB-months of point-in-time recovery")
STREAM_READ = Price(0.02, 100_000, "stream reads")
S3_WRITE = Price(
    0.005,
    1_000,
    "PUT, LIST",
    "https://devnotes.tech/understanding-aws-s3-pricing-a-complete-cost-breakdown-with-examples",
)
S3_READ = Price(
    0.0004,
    1_000,
    "GET",
    "https://devnotes.tech/understanding-aws-s3-pricing-a-complete-cost-breakdown-with-examples",
)
S3_GB = Price(
    0.023,
    1,
    "GB-months of bucket",
    "https://devnotes.tech/understanding-aws-s3-pricing-a-complete-cost-breakdown-with-examples",
)
DATA_OUT_GB = Price(
    0.09,
    1,
    "GB out to the internet",
    "https://devnotes.tech/understanding-aws-s3-pricing-a-complete-cost-breakdown-with-examples",
)
KEY = Price(1.00, 1, "keys", "https://www.wring.co/blog/aws-kms-pricing-guide")
KEY_REQUEST = Price(0.03, 10_000, "KMS requests", "https://www.wring.co/blog/aws-kms-pricing-guide")
SECRET = Price(
    0.40,
    1,
    "secrets",
    "https://hivebook.wiki/wiki/aws-secrets-manager-rotated-secrets-dynamic-db-credentials-kms",
)
SECRET_REQUEST = Price(
    0.05,
    10_000,
    "secret reads",
    "https://hivebook.wiki/wiki/aws-secrets-manager-rotated-secrets-dynamic-db-credentials-kms",
)
BUS_EVENT = Price(
    1.00, MILLION, "bus events", "https://cloudburn.io/blog/amazon-eventbridge-pricing"
)
PIPE_REQUEST = Price(
    0.40, MILLION, "pipe requests", "https://cloudburn.io/blog/amazon-eventbridge-pricing"
)
API_REQUEST = Price(
    1.00,
    MILLION,
    "HTTP API requests",
    "https://docs.aws.amazon.com/pt_br/whitepapers/latest/"
    "best-practices-api-gateway-private-apis-integration/cost-optimization.html",
)
ALARM = Price(
    0.10,
    1,
    "alarms",
    "https://www.factualminds.com/blog/amazon-cloudwatch-pricing-metrics-logs-alarms-dashboards/",
)
DASHBOARD = Price(
    3.00,
    1,
    "dashboards",
    "https://www.factualminds.com/blog/amazon-cloudwatch-pricing-metrics-logs-alarms-dashboards/",
)
METRIC = Price(
    0.30,
    1,
    "metrics",
    "https://www.factualminds.com/blog/amazon-cloudwatch-pricing-metrics-logs-alarms-dashboards/",
)
LOG_GB = Price(
    0.50,
    1,
    "GB of logs",
    "https://www.factualminds.com/blog/amazon-cloudwatch-pricing-metrics-logs-alarms-dashboards/",
)
TRACE = Price(5.00, MILLION, "X-Ray traces", "https://aws.amazon.com/de/xray/pricing/")
TOPIC_REQUEST = Price(0.50, MILLION, "SNS requests")
