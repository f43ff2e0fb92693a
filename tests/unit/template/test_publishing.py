"""What others see of the project: its checks in public, and its entry in SAM's repository."""

from __future__ import annotations

import re
import tomllib
from typing import Any

import pytest
import yaml

import prefdrop
from tools.translation import Template

MAKE = re.compile(r"^make ([a-z-]+)$")


@pytest.fixture
def targets(root) -> set[str]:
    return set(re.findall(r"^\.PHONY: ([a-z-]+)$", (root / "Makefile").read_text("utf-8"), re.M))


@pytest.fixture
def jobs(root) -> dict[str, Any]:
    workflow = yaml.safe_load((root / ".github/workflows/ci.yml").read_text("utf-8"))
    assert workflow["permissions"] == {"contents": "read"}
    found: dict[str, Any] = workflow["jobs"]
    return found


def _steps(jobs: dict[str, Any], kind: str) -> list[str]:
    return [step[kind] for job in jobs.values() for step in job["steps"] if kind in step]


def test_the_public_checks_call_nothing_but_make_targets_that_exist(jobs, targets):
    called = [MAKE.match(command) for command in _steps(jobs, "run")]

    assert all(called)
    assert {match[1] for match in called if match} == {
        "build",
        "lint",
        "test-all",
        "test-oldest",
        "test-sam",
    }
    assert {"build", "lint", "test-all", "test-oldest", "test-sam"} <= targets


def test_the_public_checks_run_on_the_oldest_and_the_newest_python_that_we_take(jobs, root):
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]
    lowest, below = re.fullmatch(r">=3\.(\d+),<3\.(\d+)", project["requires-python"]).groups()

    assert jobs["test"]["strategy"]["matrix"]["python"] == [f"3.{lowest}", f"3.{int(below) - 1}"]


def test_nightly_run_plays_schedules_and_a_second_cloud(root, targets):
    text = (root / ".github/workflows/nightly.yml").read_text("utf-8")
    jobs = yaml.safe_load(text)["jobs"]

    commands = "\n".join(_steps(jobs, "run"))
    called = set(re.findall(r"make ([a-z-]+)", commands))
    assert called == {"campaign", "test-cloud"} <= targets
    # The update begins from an earlier commit, which a shallow clone lacks.
    assert jobs["cloud"]["steps"][0]["with"]["fetch-depth"] == 0
    assert len(jobs["campaign"]["strategy"]["matrix"]["slice"]) * 1_000 == 10_000
    for action in _steps(jobs, "uses"):
        assert re.fullmatch(r"actions/[a-z-]+@(v\d+|[0-9a-f]{40})", action), action


def test_the_public_checks_use_actions_of_a_named_version(jobs):
    for action in _steps(jobs, "uses"):
        assert re.fullmatch(r"actions/[a-z-]+@(v\d+|[0-9a-f]{40})", action), action


def test_a_commit_is_held_to_the_project_s_own_targets_and_fetches_nothing(root, targets):
    config = yaml.safe_load((root / ".pre-commit-config.yaml").read_text("utf-8"))

    assert [repo["repo"] for repo in config["repos"]] == ["local"]
    for hook in config["repos"][0]["hooks"]:
        assert MAKE.match(hook["entry"])[1] in targets


def test_updates_are_proposed_for_every_list_of_requirements_and_the_actions(root):
    config = yaml.safe_load((root / ".github/dependabot.yml").read_text("utf-8"))
    by_kind = {update["package-ecosystem"]: update for update in config["updates"]}
    lists = [*root.glob("requirements*.txt"), *root.glob("layers/*/requirements.txt")]

    watched = set(by_kind["pip"]["directories"])

    assert {"/" + str(path.parent.relative_to(root)).strip(".") for path in lists} == watched
    assert by_kind["github-actions"]["directory"] == "/"


def test_the_entry_in_sam_s_repository_is_what_sam_publishes(template: Template, root):
    entry = template["Metadata"]["AWS::ServerlessRepo::Application"]

    assert entry["SemanticVersion"] == prefdrop.__version__
    assert entry["SpdxLicenseId"] == "Apache-2.0"
    assert (root / entry["LicenseUrl"]).is_file()
    assert (root / entry["ReadmeUrl"]).is_file()
    # Forms: the AWS SAM developer guide, "Metadata section properties".
    assert re.fullmatch(r"[a-zA-Z0-9-]{1,140}", entry["Name"])
    assert re.fullmatch(r"[a-z0-9](([a-z0-9]|-(?!-))*[a-z0-9])?", entry["Author"])
    assert 1 <= len(entry["Description"]) <= 256
    assert 1 <= len(entry["Labels"]) <= 10


def test_the_version_is_the_same_wherever_it_is_written(root):
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]

    assert project["version"] == prefdrop.__version__


@pytest.mark.parametrize("page", ["CONTRIBUTING.md", "SECURITY.md", "docs/deploy.md"])
def test_what_a_page_for_contributors_names_is_there(root, targets, page):
    text = (root / page).read_text("utf-8")
    folders = [
        path for names in re.findall(r'TESTS="?(tests[\w/. ]+)', text) for path in names.split()
    ]
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", text)

    assert set(re.findall(r"(?:`|^)make ([a-z-]+)", text, re.M)) <= targets
    assert [path for path in folders if not (root / path).exists()] == []
    assert [link for link in links if not (root / page).parent.joinpath(link).exists()] == []


def test_a_link_into_a_page_leads_to_a_heading_that_is_there(root):
    pages = [root / "CONTRIBUTING.md", root / "SECURITY.md", *root.glob("docs/*.md")]
    missing = []
    for page in pages:
        for file, anchor in re.findall(r"\]\(([^)#:]*)#([\w-]+)\)", page.read_text("utf-8")):
            target = page.parent / file if file else page
            if anchor not in _anchors(target.read_text("utf-8")):
                missing.append(f"{page.name}: {file}#{anchor}")

    assert missing == []


def _anchors(text: str) -> set[str]:
    """What a page can be linked into by: its headings, and what is marked in it."""
    headings = re.findall(r"^#+ (.+)$", text, re.M)
    slugs = {re.sub(r"[^\w -]", "", h).strip().lower().replace(" ", "-") for h in headings}
    return slugs | set(re.findall(r'<a id="([\w-]+)">', text))
