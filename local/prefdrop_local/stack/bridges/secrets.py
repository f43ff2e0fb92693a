"""`AWS::SecretsManager::Secret` for moto's CloudFormation, which does not know it.

Importing this module makes it known: moto finds resource types by subclass.
"""

from __future__ import annotations

import json
import secrets
import string
from typing import Any

from moto.cloudformation import parsing
from moto.cloudformation.exceptions import UnformattedGetAttTemplateException
from moto.core.common_models import CloudFormationModel
from moto.secretsmanager.models import secretsmanager_backends


class Secret(CloudFormationModel):
    """A secret of the template; `!Ref` gives its ARN."""

    def __init__(self, arn: str) -> None:
        self.arn = arn

    @property
    def physical_resource_id(self) -> str:
        return self.arn

    @staticmethod
    def cloudformation_name_type() -> str:
        return "Name"

    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::SecretsManager::Secret"

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:
        return attr == "Id"

    def get_cfn_attribute(self, attribute_name: str) -> str:
        if attribute_name == "Id":
            return self.arn
        raise UnformattedGetAttTemplateException

    @classmethod
    def create_from_cloudformation_json(
        cls,
        resource_name: str,
        cloudformation_json: dict[str, Any],
        account_id: str,
        region_name: str,
        **_: Any,
    ) -> Secret:
        properties = cloudformation_json["Properties"]
        backend = secretsmanager_backends[account_id][region_name]
        name = properties.get("Name", resource_name)
        backend.create_secret(
            name=name,
            secret_string=properties.get("SecretString") or _generated(properties),
            secret_binary=None,
            description=properties.get("Description"),
            tags=properties.get("Tags", []),
            kms_key_id=properties.get("KmsKeyId"),
            client_request_token=None,
            replica_regions=[],
            force_overwrite=False,
        )
        return cls(backend.secrets[name].arn)


def _generated(properties: dict[str, Any]) -> str:
    """The value that `GenerateSecretString` asks for; `{}` when it does not."""
    wanted = properties.get("GenerateSecretString")
    if wanted is None:
        return "{}"
    characters = string.ascii_letters + string.digits
    if str(wanted.get("ExcludePunctuation", False)).lower() != "true":
        characters += string.punctuation
    allowed = [one for one in characters if one not in wanted.get("ExcludeCharacters", "")]
    length = int(wanted.get("PasswordLength", 32))
    password = "".join(secrets.choice(allowed) for _ in range(length))
    if "GenerateStringKey" not in wanted:
        return password
    return json.dumps(
        {**json.loads(wanted["SecretStringTemplate"]), wanted["GenerateStringKey"]: password}
    )


# A process that used moto's CloudFormation before has its list of types without this one.
for _known in (parsing.get_model_list, parsing.get_model_map, parsing.get_name_type_map):
    _known.cache_clear()
