"""HTTP APIs in CloudFormation: what moto does not know, and the routes that SAM writes.

Importing this module makes the resource types known: moto finds them by subclass.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from moto.cloudformation.exceptions import UnformattedGetAttTemplateException
from moto.core.common_models import CloudFormationModel

from prefdrop_local.stack.bridges.http_routes import Route, Router
from prefdrop_local.stack.place import REGION

_INTEGRATION = "x-amazon-apigateway-integration"
_ANY = "x-amazon-apigateway-any-method"
_SECONDS = 30.0
"""How long API Gateway waits for a function when the template gives no other time."""


class HttpApi(CloudFormationModel):
    """An HTTP API of the template; `!Ref` gives its id."""

    def __init__(self, name: str) -> None:
        self.physical_resource_id = hashlib.sha256(name.encode()).hexdigest()[:10]

    @staticmethod
    def cloudformation_name_type() -> str:
        return "Name"

    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::ApiGatewayV2::Api"

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:
        return attr in ("ApiEndpoint", "ApiId")

    def get_cfn_attribute(self, attribute_name: str) -> str:
        if attribute_name == "ApiEndpoint":
            return address_on_aws(self.physical_resource_id)
        if attribute_name == "ApiId":
            return self.physical_resource_id
        raise UnformattedGetAttTemplateException

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: dict[str, Any], *_: Any, **__: Any
    ) -> HttpApi:
        return cls(cloudformation_json["Properties"].get("Name", resource_name))


@dataclass(frozen=True)
class HttpApiSpec:
    """One HTTP API of the template: its id and what its routes call."""

    logical_id: str
    api_id: str
    router: Router


def address_on_aws(api_id: str) -> str:
    """Where an API would be reached on AWS; the stack puts its local address in its place."""
    return f"https://{api_id}.execute-api.{REGION}.amazonaws.com"


def specification(logical_id: str, api_id: str, properties: dict[str, Any]) -> HttpApiSpec:
    """An API's resolved properties as the stack needs them."""
    routes = [
        Route(
            method="ANY" if method == _ANY else method.upper(),
            path=path,
            function=_function_of(operation[_INTEGRATION]["uri"]),
            seconds=int(operation[_INTEGRATION].get("timeoutInMillis", _SECONDS * 1000)) / 1000,
        )
        for path, operations in properties.get("Body", {}).get("paths", {}).items()
        for method, operation in operations.items()
        if _INTEGRATION in operation
    ]
    return HttpApiSpec(logical_id, api_id, Router(routes))


def _function_of(uri: str) -> str:
    """The function's ARN in the address of an integration."""
    return uri.partition("/functions/")[2].removesuffix("/invocations")
