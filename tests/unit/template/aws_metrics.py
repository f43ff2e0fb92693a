"""The metrics of AWS that the template watches: who writes them, and of what."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Dimension:
    """What a dimension's value must be: the physical name that `of` gives for a resource of `kind`.

    `of` is `Ref`, or the attribute for `Fn::GetAtt`.
    """

    name: str
    kind: str
    of: str = "Ref"


@dataclass(frozen=True)
class Source:
    """The metrics that a service writes by one dimension, and the page that says so."""

    dimension: Dimension
    metrics: frozenset[str]
    page: str


OF_AWS = {
    "AWS/States": Source(
        Dimension("StateMachineArn", "AWS::Serverless::StateMachine"),
        frozenset(
            {
                "ExecutionsAborted",
                "ExecutionsFailed",
                "ExecutionsStarted",
                "ExecutionsSucceeded",
                "ExecutionsTimedOut",
            }
        ),
        "https://docs.aws.amazon.com/step-functions/latest/dg/procedure-cw-metrics.html",
    ),
    "AWS/SQS": Source(
        Dimension("QueueName", "AWS::SQS::Queue", "QueueName"),
        frozenset({"ApproximateAgeOfOldestMessage", "ApproximateNumberOfMessagesVisible"}),
        "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html",
    ),
    "AWS/Lambda": Source(
        Dimension("FunctionName", "AWS::Serverless::Function"),
        frozenset({"Errors", "Invocations", "Throttles"}),
        "https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html",
    ),
    "AWS/ApiGateway": Source(
        Dimension("ApiId", "AWS::Serverless::HttpApi"),
        frozenset({"4xx", "5xx", "Count", "IntegrationLatency", "Latency"}),
        "https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-metrics.html",
    ),
    "AWS/EventBridge/Pipes": Source(
        Dimension("PipeName", "AWS::Pipes::Pipe"),
        frozenset(
            {"ExecutionFailed", "ExecutionPartiallyFailed", "ExecutionThrottled", "Invocations"}
        ),
        "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-monitoring.html",
    ),
    "AWS/DynamoDB": Source(
        Dimension("TableName", "AWS::DynamoDB::Table"),
        frozenset({"ConsumedReadCapacityUnits", "ConsumedWriteCapacityUnits"}),
        "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/metrics-dimensions.html",
    ),
}
"""By namespace."""
