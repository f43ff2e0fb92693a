"""Every permission of the template is needed, and everything that is needed is granted."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase
from importlib.util import find_spec
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from tools.permissions import actions, calls, declared
from tools.permissions.actions import UnknownCall
from tools.permissions.calls import Call
from tools.permissions.check import FUNCTION, faults, own_statements, required, roles
from tools.permissions.conditions import Request, allowed
from tools.permissions.declared import Statement
from tools.permissions.grants import (
    ATTACHED,
    LIES_ON,
    WORKS_WITH,
    Grant,
    UnreadablePolicy,
    granted,
    listed,
    rendered,
    written,
)
from tools.translation import Template

Undo = Callable[[], None]
PERMISSION = "AWS::Lambda::Permission"
ANNOUNCE = "AnnounceImportFunction"
CALLBACK = "ReceiveCallbackFunction"
ON_IMPORTS = (
    "dynamodb:{} on ${{ImportsTable.Arn}} when ForAllValues:StringLike "
    "dynamodb:LeadingKeys = {} and Null dynamodb:LeadingKeys = false"
)


@pytest.fixture(scope="module")
def record() -> set[Call]:
    return calls.read()


@pytest.fixture(scope="module")
def needs(translated, record) -> set[Grant]:
    return required(translated, record)


def test_every_permission_is_needed_and_everything_needed_is_granted(translated, record):
    assert faults(translated, record) == []


# --- nothing can be taken away or added unnoticed ------------------------------------------------


def test_whatever_permission_or_key_grant_is_deleted_the_check_misses_it(translated, needs):
    deleted = 0
    for what, has in _after(translated, _deletions):
        assert needs - has, what
        deleted += 1

    assert deleted > 300


def test_whatever_permission_or_key_grant_is_added_the_check_says_that_nothing_needs_it(
    translated, needs
):
    added = 0
    for what, has in _after(translated, _additions):
        assert has - needs, what
        added += 1

    assert added > 300


Change = tuple[str, str, Undo]
"""Which resource was changed, how, and what undoes it."""


def _after(
    template: Template, changes: Callable[[Template], Iterator[Change]]
) -> Iterator[tuple[str, set[Grant]]]:
    """What the template grants after each change of a policy, which is then undone.

    A change concerns one resource, so what the others grant is not read again each time.
    """
    resources = template["Resources"]
    each = {name: set(written(name, resource)) for name, resource in resources.items()}
    for name, what, undo in changes(template):
        rest = (grants for other, grants in each.items() if other != name)
        yield what, set().union(*rest, written(name, resources[name]))
        undo()
    assert granted(template) == set().union(*each.values())


def _deletions(template: Template) -> Iterator[Change]:
    """Each statement, action, resource, principal and condition taken out of its policy."""
    for name, holder, key in _statements(template):
        yield _put(name, holder, key, {"Effect": "Allow", "Action": []})
        for statement, member in _lists(holder[key]):
            whole = listed(statement[member])
            for one in whole:
                rest = [other for other in whole if other is not one]
                yield _put(name, statement, member, rest)
    for name, properties in _attachments(template):
        yield _put(name, properties, "ManagedPolicyArns", [])
    resources = template["Resources"]
    for name, resource in list(resources.items()):
        if resource["Type"] == PERMISSION:
            yield _put(name, resources, name, {"Type": "AWS::SNS::Topic"})


def _additions(template: Template) -> Iterator[Change]:
    """An action, a resource, a principal or a condition's value more, wherever there can be one."""
    more = {"Action": "s3:GetBucketTagging", "Resource": "arn:aws:s3:::elsewhere", "Service": "a.b"}
    for name, holder, key in _statements(template):
        for statement, member in _lists(holder[key]):
            value = more.get(member, "another")
            changed = [*listed(statement[member]), value]
            yield _put(name, statement, member, changed)
        if "Condition" in holder[key]:
            free = {k: v for k, v in holder[key].items() if k != "Condition"}
            yield _put(name, holder, key, free)
    for name, properties in _attachments(template):
        policies = [*properties["ManagedPolicyArns"], "arn:aws:iam::aws:policy/AdministratorAccess"]
        yield _put(name, properties, "ManagedPolicyArns", policies)
    for name, resource in template["Resources"].items():
        if resource["Type"] == PERMISSION:
            yield _put(name, resource["Properties"], "Principal", "*")


def _statements(template: Template) -> Iterator[tuple[str, list[Any], int]]:
    """The list and the place in it of each statement of each policy."""
    for name, resource in template["Resources"].items():
        for statements in _found(resource.get("Properties", {}), "Statement"):
            for place in range(len(statements)):
                yield name, statements, place


def _found(value: Any, member: str) -> Iterator[Any]:
    if isinstance(value, dict):
        if isinstance(value.get(member), list):
            yield value[member]
        for one in value.values():
            yield from _found(one, member)
    elif isinstance(value, list):
        for one in value:
            yield from _found(one, member)


def _lists(statement: dict[str, Any]) -> Iterator[tuple[dict[str, Any], str]]:
    """Whatever of a statement may be a list: where it stands and under which name."""
    for member in ("Action", "Resource"):
        if member in statement:
            yield statement, member
    if isinstance(statement.get("Principal"), dict):
        for member in statement["Principal"]:
            yield statement["Principal"], member
    for keys in statement.get("Condition", {}).values():
        for key in keys:
            yield keys, key


def _attachments(template: Template) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, resource in template["Resources"].items():
        if "ManagedPolicyArns" in resource.get("Properties", {}):
            yield name, resource["Properties"]


def _put(name: str, holder: Any, key: Any, value: Any) -> Change:
    """Replace a value in place, which is far cheaper than a copy of the template."""
    before = holder[key]
    holder[key] = value

    def undo() -> None:
        holder[key] = before

    return name, f"{name}: {before} became {value}", undo


def test_a_new_call_of_a_function_is_missing_until_it_is_granted(translated, record):
    new = Call(ANNOUNCE, "dynamodb", "DeleteItem", "", "ImportsTable", ("IMPORT#*",))

    assert faults(translated, record | {new}) == [
        f"missing: {ANNOUNCE}Role: {ON_IMPORTS.format('DeleteItem', 'IMPORT#*')}"
    ]


def test_a_call_that_no_function_makes_any_more_leaves_its_permission_unused(translated, record):
    old = Call("AnnounceImportFunction", "events", "PutEvents", "", "EventBus")

    assert faults(translated, record - {old}) == [
        "unused: AnnounceImportFunctionRole: events:PutEvents on ${EventBus.Arn}"
    ]


def test_a_call_that_the_table_of_actions_does_not_know_is_refused(translated):
    new = Call("AnnounceImportFunction", "dynamodb", "Scan", "", "ImportsTable")

    with pytest.raises(UnknownCall, match=r"AnnounceImportFunction: dynamodb Scan"):
        faults(translated, {new})


# --- items and lists -----------------------------------------------------------------------------

OUTSIDE = [
    ("GetItem", "IMPORT#*", "GetItem"),
    ("TransactWriteItems.Update", "IMPORT#*", "UpdateItem"),
    ("TransactWriteItems.ConditionCheck", "TURN#*", "ConditionCheckItem"),
]
"""Calls of items that the function's role leaves out, and what each takes."""


@pytest.mark.parametrize(("operation", "family", "action"), OUTSIDE)
def test_call_outside_its_leading_keys_is_missing(translated, record, operation, family, action):
    call = Call(CALLBACK, "dynamodb", operation, "", "ImportsTable", (family,))

    assert faults(translated, record | {call}) == [
        f"missing: {CALLBACK}Role: {ON_IMPORTS.format(action, family)}"
    ]


def test_index_query_outside_its_leading_keys_is_missing(translated, record):
    query = Call(CALLBACK, "dynamodb", "Query", "", "ImportsTable/by-status", ("STATUS#*",))

    (fault,) = faults(translated, record | {query})

    assert "dynamodb:Query on ${ImportsTable.Arn}/index/by-status when" in fault
    assert "dynamodb:LeadingKeys = STATUS#*" in fault


def test_leading_key_that_no_call_names_is_unused(translated, record):
    of_token = Call(CALLBACK, "dynamodb", "GetItem", "", "ImportsTable", ("EXPORTTOKEN#*",))

    assert faults(translated, record - {of_token}) == [
        f"unused: {CALLBACK}Role: {ON_IMPORTS.format('GetItem', 'EXPORTTOKEN#*')}"
    ]


def test_prefix_that_no_call_lists_is_unused(translated, record):
    used = {call for call in record if call.of != "Bucket/lists/*"}

    assert (
        "unused: BeginExportFunctionRole: s3:ListBucket on ${Bucket.Arn} "
        "when StringLike s3:prefix = lists/*"
    ) in faults(translated, used)


def test_batch_over_two_statements_is_refused(translated, record):
    """Each of its keys is allowed, but IAM asks one statement for all of them."""
    batch = Call("CheckStatusFunction", "dynamodb", "GetItem", "", "ImportsTable")
    apart = [batch._replace(leading=(one,)) for one in ("IMPORT#*", "TURN#*")]
    together = batch._replace(leading=("IMPORT#*", "TURN#*"))

    assert record.issuperset(apart)
    assert faults(translated, record | {together}) == [
        f"refused: {together}: CheckStatusFunctionRole does not allow dynamodb:GetItem"
    ]


def test_condition_without_its_null_is_missing(translated, record):
    (policy,) = translated["Resources"][f"{CALLBACK}Role"]["Properties"]["Policies"]
    conditions = [s["Condition"] for s in policy["PolicyDocument"]["Statement"] if "Condition" in s]
    _, _, undo = _put(CALLBACK, conditions[0], "Null", {})

    try:
        assert any("missing: " in fault for fault in faults(translated, record))
    finally:
        undo()


def test_every_role_reaches_the_items_of_its_calls_only(translated, needs, root):
    """Put every action on every family of items to every role, as IAM would be asked."""
    families = _families(root)
    of_items = {rule.action for name, rule in actions.RULES.items() if name.startswith("dynamodb")}
    wrong, asked = [], 0
    for role in roles(translated, FUNCTION).values():
        own = own_statements(translated, role)
        for table, action, family in product(TABLES, of_items, families):
            on = f"${{{table}.Arn}}"
            when = {f"ForAllValues:StringLike dynamodb:LeadingKeys = {family}", actions.HAS_KEYS}
            is_needed = Grant(role, action, on, when=frozenset(when)) in needs
            request = Request(action, on, {"dynamodb:LeadingKeys": (f"{family[:-1]}a/b",)})
            without = Request(action, on, {})
            asked += 1
            if allowed(own, request) != is_needed or allowed(own, without):
                wrong.append((role, action, on, family))

    assert wrong == []
    assert asked > 3000


TABLES = ("ImportsTable", "ExceptionsTable")


def _families(root: Path) -> set[str]:
    """The families of partition keys that the ledger writes, and one that it does not."""
    ledger = (root / "layers/prefdrop/prefdrop/ledger/keys.py").read_text("utf-8")
    found = {f"{name}#*" for name in re.findall(r'(?:Key\(|return )f"([A-Z]+)#', ledger)}
    assert len(found) > 8
    return found | {"ELSE#*"}


def test_every_list_is_limited_to_prefixes(translated):
    for role in roles(translated, FUNCTION).values():
        for prefix in ({}, {"s3:prefix": ("",)}, {"s3:prefix": ("elsewhere/",)}):
            request = Request("s3:ListBucket", "${Bucket.Arn}", prefix)
            assert not allowed(own_statements(translated, role), request), role


def test_every_role_that_writes_objects_may_use_the_key_both_ways(translated):
    """S3 decrypts the bucket key with the writer's rights before it encrypts an object with it."""
    has = granted(translated)
    writers = {grant.of for grant in has if grant.action == "s3:PutObject"}
    via_s3 = frozenset({f"StringEquals kms:ViaService = s3.{REGION_AND_SUFFIX}"})

    assert len(writers) > 8
    for role, action in product(writers, ("kms:Decrypt", "kms:GenerateDataKey")):
        assert Grant(role, action, "${DataKey.Arn}", when=via_s3) in has


REGION_AND_SUFFIX = "${AWS::Region}.${AWS::URLSuffix}"


def test_every_family_with_an_alias_is_of_the_ledger(template, root):
    named = template["Metadata"]["LeadingKeys"].values()
    patterns = [one["ForAllValues:StringLike"]["dynamodb:LeadingKeys"] for one in named]

    assert set(patterns) <= _families(root) - {"ELSE#*"}
    assert len(patterns) == len(set(patterns))


def test_a_policy_that_says_what_is_not_meant_is_refused():
    statement = {"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}
    role = {"Type": "AWS::IAM::Role", "Properties": {"Policies": [{"Statement": [statement]}]}}

    with pytest.raises(UnreadablePolicy, match="NotAction"):
        granted({"Resources": {"SomeRole": role}})


TIES = {
    "DropDeadLetterQueuePolicy": ("Queues", [{"Ref": "EventDeadLetterQueue"}]),
    "EventDeadLetterQueuePolicy": ("Queues", []),
    "ResultsTopicPolicy": ("Topics", [{"Ref": "AlarmTopic"}, {"Ref": "ResultsTopic"}]),
    "AlarmTopicPolicy": ("Topics", [{"Ref": "ResultsTopic"}]),
    "BucketPolicy": ("Bucket", "elsewhere"),
    "AuditPipe": ("RoleArn", {"Fn::GetAtt": ["DropRuleRole", "Arn"]}),
    "DropRule": ("Targets", [{"Id": "import", "Arn": {"Ref": "ImportStateMachine"}}]),
}
"""What says where a policy lies, or which role is taken on, and something else in its place."""


def test_policy_on_something_else_or_another_role_is_a_fault(subtests, translated, record):
    for name in TIES:
        with subtests.test(name=name):
            member, other = TIES[name]
            properties = translated["Resources"][name]["Properties"]
            _, _, undo = _put(name, properties, member, other)

            try:
                assert any(f": {name}: (" in fault for fault in faults(translated, record))
            finally:
                undo()


STATEMENT = {"Effect": "Allow", "Principal": "*", "Action": "logs:*", "Resource": "*"}
DOCUMENT = {"Statement": [STATEMENT]}


def test_policy_in_another_form_is_refused(subtests):
    for kind, properties in [
        ("AWS::Logs::ResourcePolicy", {"PolicyDocument": json.dumps(DOCUMENT)}),
        ("AWS::Logs::ResourcePolicy", {"PolicyDocument": {"Fn::Sub": json.dumps(DOCUMENT)}}),
        ("AWS::Events::EventBusPolicy", {"Statement": STATEMENT | {"Effect": {"Ref": "Mode"}}}),
        ("AWS::Events::EventBusPolicy", {"Action": "events:PutEvents", "Principal": "*"}),
        ("AWS::Lambda::LayerVersionPermission", {"Action": "lambda:*", "Principal": "*"}),
        ("AWS::Lambda::Url", {"AuthType": "NONE"}),
        (PERMISSION, {"Action": "lambda:InvokeFunctionUrl", "FunctionUrlAuthType": "NONE"}),
    ]:
        wrong = {"Resources": {"Odd": {"Type": kind, "Properties": properties}}}
        with subtests.test(wrong=wrong), pytest.raises(UnreadablePolicy, match=r"^Odd: "):
            granted(wrong)


# --- the tables ----------------------------------------------------------------------------------


def test_every_function_of_the_template_has_its_calls_on_record(translated, record, root):
    functions = calls.functions(root / "template.yaml")

    assert sorted(functions) == sorted(roles(translated, FUNCTION))
    assert {call.function for call in record} == set(functions)


def test_no_function_shares_its_role(translated):
    used = list(roles(translated, FUNCTION).values())

    assert len(set(used)) == len(used)


def test_the_record_is_as_it_is_written_by_its_command(record, tmp_path):
    calls.write(record, tmp_path / "calls.toml")

    assert (tmp_path / "calls.toml").read_text() == calls.RECORD.read_text()


def test_every_rule_is_for_a_call_that_some_function_makes(record):
    assert set(actions.RULES) == {f"{call.service} {call.kind}" for call in record}


def test_the_variables_of_the_table_are_those_that_each_function_is_given(translated):
    for name in roles(translated, FUNCTION):
        given = translated["Resources"][name]["Properties"]["Environment"]["Variables"]
        for variable, resource in calls.VARIABLES.items():
            value = rendered(given[variable.removeprefix("$")])

            assert value == f"${{{resource}}}" or value == _machine(translated, resource)


def _machine(template: Template, name: str) -> str:
    resource = template["Resources"][name]["Properties"]
    return actions.arn("states", f"stateMachine:{rendered(resource.get('StateMachineName', ''))}")


def test_object_of_each_kind_has_one_pattern(subtests):
    for key, kind in [
        ("audit/2026/01/15/0af3.json", "audit/*"),
        ("exports/people.toml", "exports/*.toml"),
        ("exports/people/20260115T100000Z/part-00001-ab.jsonl", "exports/*/*"),
        ("exports/people/_state/20260115T100000Z-1/00001", "exports/*/*"),
        ("spool/exports/people/20260115T100000Z/roll-00001-ab", "spool/exports/*"),
        ("spool/0af3/corrected-1", "spool/*/corrected-*"),
        ("spool/0af3/rejects/1-0/carry-7", "spool/*/rejects/*"),
    ]:
        with subtests.test(key=key):
            assert [one for one in calls.KEYS if fnmatchcase(key, one)] == [kind]


def test_each_declared_need_gives_its_reason_and_where_aws_says_so():
    for statement in declared.read():
        assert statement.because.endswith("."), statement
        assert statement.source.startswith("https://") or _is_our_own(statement), statement


def _is_our_own(statement: Statement) -> bool:
    """No service asks for it: a denial, or a tie to something that is checked there."""
    return statement.effect == "Deny" or bool(statement.attached or statement.lies_on)


# --- what AWS knows ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def known() -> dict[str, Any]:
    """Services, their actions and the kinds of resources that each can be limited to."""
    linter = find_spec("cfnlint")  # whose import would take ten times as long as the table
    assert linter
    table = Path(linter.origin or "").parent / "data/AdditionalSpecs/Policies.json"
    services: dict[str, Any] = json.loads(table.read_text())
    return services


@pytest.fixture(scope="module")
def named(needs) -> set[Grant]:
    """Those that name actions of AWS."""
    return {grant for grant in needs if grant.action not in (ATTACHED, LIES_ON, WORKS_WITH)}


def _kinds(known: dict[str, Any], action: str) -> list[list[str]]:
    service, _, name = action.partition(":")
    found = known[service]["Actions"]
    return [found[one].get("Resources", []) for one in found if fnmatchcase(one, name.lower())]


def test_aws_knows_every_action(named, known):
    for grant in named:
        assert _kinds(known, grant.action), grant


def test_a_permission_is_for_everything_only_where_aws_knows_no_resource_to_limit_it_to(
    named, known
):
    for grant in named:
        if grant.on == "*" and grant.of != "DataKey":  # a key's policy is about that key alone
            assert _kinds(known, grant.action) == [[]], grant


def test_nobody_may_do_everything_but_the_account_to_its_key(named):
    for grant in named:
        if grant.action.endswith(":*"):
            assert grant.effect == "Deny" or grant.to.endswith(":root"), grant
