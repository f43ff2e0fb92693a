"""The template's parameters, the functions' environment and `prefdrop.settings` say the same."""

from __future__ import annotations

import re

import msgspec
import pytest

from prefdrop.settings import Settings, load
from prefdrop_local.stack.parameters import LOCAL_PARAMETERS, ParameterError, check_parameters
from tools.translation import Template

# Settings that name a resource of the stack instead of a parameter, and how the template says it.
# A `!Ref` of the state machine would close a circle: it refers to the functions.
RESOURCES: dict[str, dict[str, str]] = {
    "bucket": {"Ref": "Bucket"},
    "imports_table": {"Ref": "ImportsTable"},
    "exceptions_table": {"Ref": "ExceptionsTable"},
    "audit_table": {"Ref": "AuditTable"},
    "bus": {"Ref": "EventBus"},
    "secret": {"Ref": "VendorSecret"},
    "webhook_secret": {"Ref": "WebhookSecret"},
    "export_machine": {
        "Fn::Sub": "arn:${AWS::Partition}:states:${AWS::Region}:${AWS::AccountId}"
        ":stateMachine:${AWS::StackName}-export"
    },
}
# Where the template allows less than the setting: what is right on AWS and too long for a machine.
STRICTER = {"poll_max_seconds": {"MinValue": 86}}
# Settings that one function alone is given: the API refers to the functions behind it, so that
# not all of them can know its address.
OWN = {"callback_url": "BeginExportFunction", "webhook_url": "BackfillEventsFunction"}
# Parameters that shape the stack and never reach a function's code.
OF_THE_STACK = {
    "AlarmEmail",
    "Architecture",
    "Dashboard",
    "DeletionProtection",
    "LogLevel",
    "LogRetentionDays",
    "MemorySize",
    "WebhookBurst",
    "WebhookRate",
}
FIELDS = {field.name: field for field in msgspec.structs.fields(Settings)}
TUNABLE = sorted(FIELDS.keys() - RESOURCES.keys() - OWN.keys())


def _parameter(field: str) -> str:
    return "".join(word.capitalize() for word in field.split("_"))


@pytest.fixture
def environment(template: Template) -> dict[str, object]:
    variables = template["Globals"]["Function"]["Environment"]["Variables"]
    return {k: v for k, v in variables.items() if k.startswith("PREFDROP_")}


def test_every_setting_reaches_every_function_from_its_parameter_or_resource(environment):
    expected = {
        f"PREFDROP_{name.upper()}": RESOURCES.get(name, {"Ref": _parameter(name)})
        for name in FIELDS.keys() - OWN.keys()
    }

    assert environment == expected


def test_no_function_has_settings_of_its_own_but_those_that_only_it_can_have(template):
    own = {
        (variable.removeprefix("PREFDROP_").lower(), name)
        for name, resource in template["Resources"].items()
        if resource["Type"] == "AWS::Serverless::Function"
        for variable in resource["Properties"].get("Environment", {}).get("Variables", {})
    }

    assert own <= set(OWN.items())
    assert all(FIELDS[name].default == "" for name in OWN)


def test_no_parameter_is_without_use(template):
    assert set(template["Parameters"]) == {*map(_parameter, TUNABLE), *OF_THE_STACK}


def test_parameter_of_a_setting_has_its_default(subtests, template):
    for name in TUNABLE:
        with subtests.test(name=name):
            parameter = template["Parameters"][_parameter(name)]
            default = FIELDS[name].default

            if default is msgspec.NODEFAULT:
                assert "Default" not in parameter
            else:
                assert parameter["Default"] == default


def test_parameter_of_a_setting_allows_what_the_setting_allows(subtests, template):
    for name in TUNABLE:
        with subtests.test(name=name):
            parameter = template["Parameters"][_parameter(name)]
            kind = msgspec.inspect.type_info(FIELDS[name].type)

            allowed = {
                "AllowedValues": list(kind.values) if hasattr(kind, "values") else None,
                "MinValue": getattr(kind, "ge", None),
                "MaxValue": getattr(kind, "le", None),
            }

            allowed |= STRICTER.get(name, {})

            said = {key: parameter[key] for key in allowed if key in parameter}
            assert said == {key: value for key, value in allowed.items() if value is not None}


def test_the_defaults_make_settings_that_a_function_starts_with(template, environment):
    given = {"ClientId": "DEMO_CLIENT", "BaseUrl": "https://vendor.example.test/v4"}
    names = {k: v.get("Ref", "a name") for k, v in environment.items()}

    settings = load(
        {
            key: str(given.get(name) or template["Parameters"].get(name, {}).get("Default", name))
            for key, name in names.items()
        }
    )

    assert settings.client_id == "DEMO_CLIENT"


@pytest.mark.parametrize("name", ["ClientId", "BaseUrl"])
def test_what_only_the_operator_knows_has_no_default(template, name):
    assert "Default" not in template["Parameters"][name]


def test_vendor_url_without_tls_is_taken_on_this_machine_alone(subtests, template):
    for url, taken in [
        ("https://api.example.test/Profiles/v4/", True),
        ("http://127.0.0.1:8080/Profiles/v4/", True),
        ("http://api.example.test/", False),
        ("http://localhost.example.test/", False),
        ("", False),
    ]:
        with subtests.test(url=url):
            pattern = template["Parameters"]["BaseUrl"]["AllowedPattern"]

            assert bool(re.fullmatch(pattern, url)) is taken


def test_parameter_with_a_wrong_value_is_refused_by_its_pattern(subtests, template):
    for name, value, taken in [
        ("IntegrationUrl", "", True),
        ("IntegrationUrl", "https://bulk.example.test/v4/", True),
        ("IntegrationUrl", "http://bulk.example.test/", False),
        ("Routes", '{"import.stage": "Async/{clientId}/Stage"}', True),
        ("Routes", "import.stage=Async", False),
        ("Routes", "{", False),
        ("Routes", "configuration/routes-2026.json", True),
        ("Routes", "configuration/snapshot.json", False),
        ("Routes", "configuration/routes/../../feeds/x.json", False),
        ("Routes", "feeds/routes.json", False),
        ("AlarmEmail", "", True),
        ("AlarmEmail", "oncall@example.test", True),
        ("AlarmEmail", "oncall", False),
        ("AlarmEmail", "a@example.test, b@example.test", False),
        ("WebhookSources", "192.0.2.0/24, 2001:db8::/32", True),
        ("WebhookSources", "192.0.2.1", False),
    ]:
        with subtests.test(name=name, value=value):
            parameter = template["Parameters"][name]

            assert bool(re.fullmatch(parameter["AllowedPattern"], value)) is taken
            assert parameter["ConstraintDescription"].startswith("must be")


def test_every_parameter_of_text_that_is_not_free_says_what_it_takes(template):
    free = {
        name
        for name, parameter in template["Parameters"].items()
        if parameter["Type"] == "String"
        and not parameter.keys() & {"AllowedPattern", "AllowedValues"}
    }

    assert free == set()


def test_every_parameter_says_what_it_is_for(template):
    assert all(parameter.get("Description") for parameter in template["Parameters"].values())


def test_every_parameter_is_asked_for_in_a_group(template):
    groups = template["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]

    asked = [name for group in groups for name in group["Parameters"]]

    assert sorted(asked) == sorted(template["Parameters"])


def test_the_local_stack_takes_its_own_shorter_waits_and_checks_the_others(template):
    given = {"ClientId": "DEMO_CLIENT", "BaseUrl": "https://vendor.example.test/v4"}

    check_parameters(template, {**given, **LOCAL_PARAMETERS})
    with pytest.raises(ParameterError, match="MaxTornParts is -1; it is outside its range"):
        check_parameters(template, {**given, "MaxTornParts": "-1"})
