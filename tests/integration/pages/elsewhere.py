"""What the pages show and `test_pages.py` does not type: who runs it, or why nothing here can."""

from __future__ import annotations

from typing import NamedTuple


class Elsewhere(NamedTuple):
    """Commands that begin with these words, why they are not typed here, and what tests them."""

    begins: str
    why: str
    test: str = ""
    """`file` or `file::function`; empty where nothing can."""


FEEDS_PAGE = "tests/unit/cli/test_feeds_commands.py"
FIRST_PAGE = "tests/integration/pages/test_first_import_page.py"
LOCAL_RUN = "tests/integration/test_local_run.py"
DEPLOY_PAGE = "tests/unit/template/test_deploy_page.py"
NEEDS_AN_ACCOUNT = "It changes an AWS account."

ELSEWHERE = (
    # Typed as they stand, by a test of their page's own.
    Elsewhere("prefdrop feeds infer members.csv", "typed there", FIRST_PAGE),
    Elsewhere("prefdrop feeds check members.toml", "typed there", FIRST_PAGE),
    Elsewhere("prefdrop local run members.csv", "typed there", FIRST_PAGE),
    Elsewhere("prefdrop local run corrected.csv", "typed there", FIRST_PAGE),
    Elsewhere("prefdrop feeds push members.toml", "typed there", FIRST_PAGE),
    Elsewhere("prefdrop drop members.csv", "typed there", FIRST_PAGE),
    Elsewhere("prefdrop feeds infer spring-list.csv", "typed there", FEEDS_PAGE),
    Elsewhere("prefdrop feeds check feeds/spring-list.toml", "typed there", FEEDS_PAGE),
    # A stack of its own takes seconds; another test has one.
    Elsewhere(
        "prefdrop local run FILE.csv --feed FEED.toml --out out", "as `members.csv`", FIRST_PAGE
    ),
    Elsewhere(
        "prefdrop local run FILE.csv --feed FEED.toml --vendor-url",
        "with a vendor beside it",
        f"{LOCAL_RUN}::test_the_report_equals_the_vendors_own_books",
    ),
    Elsewhere(
        "prefdrop local up",
        "until Ctrl-C",
        f"{LOCAL_RUN}::test_a_stack_that_is_up_tells_where_everything_is",
    ),
    Elsewhere(
        "prefdrop doctor --vendor-url",
        "with other vendors",
        "tests/integration/doctor/test_assumptions.py::test_the_command_names_the_point_and_where_to_change_it_and_ends_with_5",
    ),
    Elsewhere(
        "prefdrop exports run NAME --full --allow-removals",
        "after a segment lost most of its profiles",
        "tests/faults/exports/test_removals.py",
    ),
    # AWS.
    Elsewhere("sam build", "It takes a minute, and CI does it.", "tests/sam"),
    Elsewhere(
        "sam deploy",
        NEEDS_AN_ACCOUNT,
        "tests/unit/template/test_shown_overrides.py"
        "::test_overrides_of_the_pages_reach_their_parameters",
    ),
    Elsewhere("sam delete", NEEDS_AN_ACCOUNT),
    Elsewhere("sam package", NEEDS_AN_ACCOUNT, "tests/unit/template/test_publishing.py"),
    Elsewhere("sam publish", NEEDS_AN_ACCOUNT, "tests/unit/template/test_publishing.py"),
    Elsewhere("sam local", "a name, not a call", "tests/sam"),
    Elsewhere(
        "aws",
        "done by the last test of the pages, and held to AWS's own models of its services",
        f"{DEPLOY_PAGE}::test_aws_knows_every_call_and_every_option_that_the_page_shows",
    ),
    # Of the reader's machine.
    Elsewhere("git", "It would change the clone."),
    Elsewhere(
        "pip install",
        "It would change the environment.",
        "tests/unit/template/test_requirements.py",
    ),
    Elsewhere("pre-commit install", "It would change the clone's hooks."),
    Elsewhere("source .venv/bin/activate", "The tests run in that environment.", FIRST_PAGE),
    Elsewhere("ssh", "It needs another machine."),
)

NOT_ON_MOTO = {
    "aws events disable-rule ": "moto does not answer the question for its name",
    "aws kms rotate-key-on-demand ": "the local stack has no alias",
    "aws pipes ": "the local stack bridges the pipe",
    "aws s3api delete-objects ": "moto answers 500 once an export has deleted objects",
    "aws s3api delete-bucket ": "so the bucket is not empty",
    "aws sqs ": "by variables of the shell",
    'aws stepfunctions start-execution --state-machine-arn "$MACHINE': "by variables of the shell",
    "aws events remove-targets ": "nothing is left of a first hour",
    "aws events delete-rule ": "nothing is left of a first hour",
    "aws cloudwatch set-alarm-state ": "the local stack has no alarms",
    "aws events put-events ": "by a file that the commands before it made",
    "aws dynamodb update-table --warm-throughput": "a name, not a call",
}
"""Calls that begin so, and why they are not done here: they are held to AWS's own models."""
