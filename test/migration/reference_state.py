# SPDX-License-Identifier: Apache-2.0
"""Puts a cluster into the state that the reference leaves: keys, SealedSecrets with their status, and
Secrets with their owners, out of what was recorded of it (test/data/controller)."""
import base64
import copy
import json
import pathlib
import subprocess
import tempfile

CLUSTER_WIDE = "sealedsecrets.bitnami.com/cluster-wide"

# Scenario -> (steps of SealedSecrets to take, snapshot to reproduce, whether it is in sync under ours).
# 08 is where the reference reports as a failure what is none.
SCENARIOS = {
    "01-create-update-recreate": (2, 2, True),
    "02-wrong-name": (1, 0, False),
    "03-unmanaged-exists": (1, 0, False),
    "04-managed": (1, 0, True),
    "05-patch": (1, 0, True),
    "06-patch-managed": (1, 0, True),
    "07-immutable": (1, 0, True),
    "08-skip-owner": (1, 0, True),
    "09-template": (2, 1, False),
    "10-bad-items": (1, 0, False),
    "11-scope-annotation": (1, 0, True),
    "12-rejected": (1, 0, False),
}


def kubectl(*arguments, given=None):
    """Runs kubectl, with an object as its input; returns what it prints."""
    text = json.dumps(given) if given is not None else None
    done = subprocess.run(["kubectl", *arguments], input=text, text=True, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if done.returncode:
        raise RuntimeError(f"kubectl {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout


def get(*arguments):
    return json.loads(kubectl("get", *arguments, "-o", "json"))


def without(fields, metadata):
    return {name: value for name, value in metadata.items() if name not in fields}


class Scenario:
    """One recorded scenario, up to the snapshot that is reproduced."""

    def __init__(self, root, name):
        steps, snapshot, self.in_sync = SCENARIOS[name]
        recorded = json.loads((root / f"test/data/controller/{name}.json").read_text())
        self.name, self.namespace = name, recorded["namespace"]
        self.snapshot = recorded["snapshots"][snapshot]
        applied = [next(iter(step.values())) for step in recorded["steps"]]
        sealed = [thing for thing in applied if isinstance(thing, dict) and thing["kind"] == "SealedSecret"]
        self.sealed = copy.deepcopy(sealed[:steps])
        # The recording shows the object as it was in the end, without the annotation; the snapshot that
        # is reproduced here is from before that.
        if name.startswith("11"):
            self.sealed[0]["metadata"]["annotations"] = {CLUSTER_WIDE: "true"}

    @property
    def key(self):
        return f"{self.namespace}/{self.sealed[-1]['metadata']['name']}"

    def restore(self):
        kubectl("create", "namespace", self.namespace)
        for sealed in self.sealed:
            kubectl("apply", "-f", "-", given=sealed)
        for status in self.snapshot["status"]:
            self.write_status(status)
        uid = get("sealedsecret", "-n", self.namespace)["items"][0]["metadata"]["uid"]
        for recorded in self.snapshot["secrets"]:
            secret = copy.deepcopy(recorded)
            for owner in secret["metadata"].get("ownerReferences", []):
                owner["uid"] = uid
            kubectl("create", "-f", "-", given=secret)

    def write_status(self, recorded):
        found = get("sealedsecret", recorded["name"], "-n", self.namespace)
        time = found["metadata"]["creationTimestamp"]
        conditions = [{**condition, "lastTransitionTime": time, "lastUpdateTime": time}
                      for condition in recorded["conditions"]]
        status = {"observedGeneration": found["metadata"]["generation"], "conditions": conditions}
        kubectl("patch", "sealedsecret", recorded["name"], "-n", self.namespace, "--subresource=status",
                "--type=merge", "--patch", json.dumps({"status": status}))


def key_secret(recorded, name, certificate, key):
    """A key Secret in the form in which the reference stores one."""
    secret = copy.deepcopy(recorded)
    secret["metadata"] = without(["creationTimestamp", "resourceVersion", "uid"], secret["metadata"])
    secret["metadata"]["name"] = name
    secret["data"] = {"tls.crt": base64.b64encode(certificate).decode(), "tls.key": base64.b64encode(key).decode()}
    return secret


def new_key():
    """A certificate and its key as the reference makes them: today's, so that renewal is not due."""
    with tempfile.TemporaryDirectory() as folder:
        files = pathlib.Path(folder)
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:4096", "-nodes", "-days", "3650", "-subj", "/",
                        "-keyout", files / "key", "-out", files / "crt", "-addext", "keyUsage=critical,encipherOnly"],
                       check=True, stderr=subprocess.DEVNULL)
        subprocess.run(["openssl", "rsa", "-traditional", "-in", files / "key", "-out", files / "pkcs1"],
                       check=True, stderr=subprocess.DEVNULL)
        return (files / "crt").read_bytes(), (files / "pkcs1").read_bytes()
