"""The vendor's client with the credentials of a deployed stack, for an operator's own calls."""

from __future__ import annotations

from urllib.parse import quote

import msgspec

from prefdrop.mypreferences import Client, auth_from_secret
from prefdrop_cli.deployments import Deployment
from prefdrop_cli.exits import WrongUse


def vendor_of(deployment: Deployment) -> Client:
    """The client of the stack's vendor account; raises WrongUse or Misconfigured."""
    settings = deployment.parameters
    auth = auth_from_secret(
        _secret(deployment, "VendorSecretArn"), settings["ClientId"], settings["BaseUrl"]
    )
    return Client(
        settings["BaseUrl"],
        settings["ClientId"],
        auth,
        integration_url=settings.get("IntegrationUrl", ""),
        routes=msgspec.json.decode(settings.get("Routes") or "{}"),
    )


def webhook_address(deployment: Deployment) -> str:
    """The stack's webhook with the key that is in force: a secret."""
    secret = msgspec.json.decode(_text(deployment, "WebhookSecretArn"))
    return f"{deployment.outputs['WebhookUrl'].rstrip('/')}/{quote(secret['key'], safe='')}"


def _secret(deployment: Deployment, output: str) -> dict[str, str]:
    try:
        return msgspec.json.decode(_text(deployment, output), type=dict[str, str])
    except msgspec.DecodeError:
        raise WrongUse(
            "The stack's vendor secret is not a JSON object of texts.",
            hint="docs/operations.md, Secrets, shows what it holds.",
        ) from None


def _text(deployment: Deployment, output: str) -> str:
    client = deployment.client("secretsmanager")
    text: str = client.get_secret_value(SecretId=deployment.outputs[output])["SecretString"]
    return text
