"""No log level of a function lets a library write secrets or people's data into the log.

Each function is loaded as Lambda's runtime loads it: the root logger has a handler and the
function's own log level before the handler's module is imported. Then AWS and a server that plays
the vendor are called with texts that no log may hold.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FUNCTIONS = sorted(app.parent.name for app in ROOT.glob("functions/*/app.py"))

SECRETS = {
    "key": "path-key-of-the-webhook-4711",
    "secret": "vendor-secret-4711",
    "token": "8847110012345",
    "person": "zerline.quux@example.test",
}

OWN = {"prefdrop"}
OF_THE_TESTS = {"jsonpath_ng", "moto", "py", "responses", "socks"}
"""Packages that no function has: the emulated AWS and the test's own Python."""

SCRIPT = """
import json, logging, os, sys, threading
from http.server import BaseHTTPRequestHandler, HTTPServer
import boto3, botocore.session, requests

from tests.emulated_aws import ENVIRONMENT, emulated_aws, make_bucket, make_tables

functions, secrets = json.load(sys.stdin)

class Vendor(BaseHTTPRequestHandler):
    def do_POST(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.rfile.read(int(self.headers["Content-Length"])))
    def log_message(self, *_):
        pass

class Context:
    aws_request_id = function_name = "one"
    def get_remaining_time_in_millis(self):
        return 30_000

def call_aws():
    dynamodb, s3 = boto3.client("dynamodb"), boto3.client("s3")
    boto3.client("secretsmanager").get_secret_value(SecretId="secret")
    item = {"pk": {"S": "P"}, "sk": {"S": "S"}, "person": {"S": secrets["person"]}}
    dynamodb.put_item(TableName="imports", Item=item)
    dynamodb.get_item(TableName="imports", Key={"pk": {"S": "P"}, "sk": {"S": "S"}})
    s3.put_object(Bucket="bucket", Key="k", Body=secrets["person"].encode())
    s3.get_object(Bucket="bucket", Key="k")["Body"].read()

def call_vendor(port):
    requests.post(
        f"http://127.0.0.1:{port}/Import/{secrets['token']}",
        data=secrets["person"],
        headers={"Authorization": secrets["secret"]},
    ).text

def load_as_lambda_does(function):
    root = logging.getLogger()
    root.addHandler(logging.StreamHandler(sys.stdout))
    root.setLevel("DEBUG")
    sys.path.insert(0, os.path.join("functions", function))
    import app
    return app.handler

def loud_loggers():
    names = ["", *logging.root.manager.loggerDict]
    return sorted(n for n in names if logging.getLogger(n).isEnabledFor(logging.INFO))

with emulated_aws():
    make_tables()
    make_bucket()
    text = json.dumps({name: secrets[name] for name in ("key", "secret")})
    for name in ("secret", "webhook"):
        boto3.client("secretsmanager").create_secret(Name=name, SecretString=text)
    server = HTTPServer(("127.0.0.1", 0), Vendor)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    os.environ.update(ENVIRONMENT, AWS_LAMBDA_LOG_LEVEL="DEBUG")
    for function in functions:
        print(f"# {function}", flush=True)
        if (child := os.fork()) == 0:
            handler = load_as_lambda_does(function)
            try:
                handler(json.load(open(f"events/{function}.json")), Context())
            except Exception:
                pass  # the sample's import is not there; what was called is what counts
            call_aws()
            call_vendor(server.server_port)
            print("loud:", *loud_loggers(), flush=True)
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0, function
    server.shutdown()
"""


@pytest.fixture(scope="module")
def outputs() -> dict[str, str]:
    """Return what each function and its libraries write at DEBUG, by the function's name."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        input=json.dumps([FUNCTIONS, SECRETS]),
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    written = done.stdout + done.stderr
    found = dict(part.split("\n", 1) for part in written.split("# ")[1:])
    assert sorted(found) == FUNCTIONS, done.stderr
    return found


def test_libraries_at_debug_write_no_secret_and_no_data(outputs: dict[str, str]) -> None:
    leaks = {
        function: found
        for function, text in outputs.items()
        if (found := [name for name, secret in SECRETS.items() if secret in text])
    }
    assert leaks == {}


def test_function_libraries_log_warnings_at_most(outputs: dict[str, str]) -> None:
    for function, text in outputs.items():
        loud = {name.partition(".")[0] for name in text.split("loud:")[1].split()}
        assert loud - sys.stdlib_module_names <= OWN | OF_THE_TESTS, function
