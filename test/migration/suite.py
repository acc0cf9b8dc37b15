#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Moves a cluster from the reference to this controller and back.  usage: suite.py ROOT BUILD

Runs inside of test/cluster/up, under the reference's CRD and the reference's rights. The reference's
programs are not at hand: what was recorded of them stands in, for the state that it leaves, for what
its kubeseal sealed, and for the form of all that it has to find again.
"""
import base64
import datetime
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request

from reference_state import SCENARIOS, Scenario, get, key_secret, kubectl, new_key, without

ROOT, BUILD = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
KEYS = ["-n", "kube-system", "-l", "sealedsecrets.bitnami.com/sealed-secrets-key"]
PATIENCE = 60  # seconds
# What the reference's kubeseal sealed for the key rsa2048-a.
SEALED_BY_REFERENCE = ["data-unicode", "data-binary", "meta-labels-annotations", "scope-flag-namespace-wide",
                       "scope-flag-cluster-wide"]
passed = failed = 0


def fact(name, true, details=""):
    global passed, failed
    passed, failed = passed + bool(true), failed + (not true)
    print(f"{'ok  ' if true else 'FAIL'}  {name}", flush=True)
    if not true and details:
        print(f"      {details}", flush=True)


def equal(name, found, wanted):
    fact(name, found == wanted, f"found {found!r}, wanted {wanted!r}")


def eventually(condition):
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.2)
    return True


def kubeseal(*arguments, given=""):
    return subprocess.run([BUILD / "sealer/kubeseal", *arguments], input=given, text=True, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


class Controller:
    """Our controller, as a pod under the service account's rights."""

    def __init__(self, folder, number):
        self.log = folder / f"controller-{number}.log"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                ["as-pod", "kube-system", "sealed-secrets-controller", BUILD / "controller/controller"],
                env={**os.environ, "POD_NAMESPACE": "kube-system"}, stdout=log, stderr=subprocess.STDOUT)

    def says(self, *words):
        return any(all(word in line for word in words) for line in self.log.read_text().split("\n"))

    def looked_at(self, keys):
        return eventually(lambda: all(self.says("msg=Updating", f"key={key}") for key in keys))

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)


def secrets():
    """Everything that is in every Secret outside of kube-system that has an owner or was recorded."""
    found = get("secrets", "-A")["items"]
    return {f"{one['metadata']['namespace']}/{one['metadata']['name']}": one for one in found
            if one["metadata"]["namespace"].startswith("rec") and one["type"] != "kubernetes.io/service-account-token"}


def sealed_secrets():
    found = get("sealedsecrets", "-A")["items"]
    return {f"{one['metadata']['namespace']}/{one['metadata']['name']}": one for one in found}


def condition(sealed, kind):
    every = sealed.get("status", {}).get("conditions", [])
    return next((one for one in every if one["type"] == kind), {})


LABEL = "sealedsecrets.bitnami.com/sealed-secrets-key"


def key_names(state="active"):
    return sorted(one["metadata"]["name"] for one in get("secrets", *KEYS)["items"]
                  if one["metadata"]["labels"][LABEL] == state)


def versions(objects):
    return {key: one["metadata"]["resourceVersion"] for key, one in objects.items()}


def install_reference(scenarios):
    kubectl("apply", "-f", str(ROOT / "test/migration/reference.yaml"))
    kubectl("wait", "--for=condition=Established", "crd/sealedsecrets.bitnami.com", "--timeout=60s")
    subprocess.run(["service-proxy", "kube-system", "sealed-secrets-controller",
                    os.environ["BULLA_CONTROLLER_IP"], "8080"], check=True, stdout=subprocess.DEVNULL)
    recorded = json.loads((ROOT / "test/data/controller/key-secret.json").read_text())
    keys = ROOT / "test/data/keys"
    fresh = new_key()
    data = {name: base64.b64decode(recorded["data"][name]) for name in ("tls.crt", "tls.key")}
    kubectl("create", "-f", "-", given=key_secret(recorded, recorded["metadata"]["name"],
                                                   data["tls.crt"], data["tls.key"]))
    kubectl("create", "-f", "-", given=key_secret(recorded, "sealed-secrets-keyold22", (keys / "rsa2048-a.crt").read_bytes(),
                                                   (keys / "rsa2048-a.pkcs1.pem").read_bytes()))
    kubectl("create", "-f", "-", given=key_secret(recorded, "sealed-secrets-keynew33", *fresh))
    for scenario in scenarios:
        scenario.restore()
    return recorded, fresh[0].decode()


def move_over(controller, scenarios, before, names, certificate):
    all_told = eventually(lambda: all(condition(one, "Ready") for one in sealed_secrets().values()))
    fact("our controller looks at every object under the reference's rights and CRD", all_told)
    sealed = sealed_secrets()
    for scenario in scenarios:
        status = condition(sealed[scenario.key], "Synced").get("status")
        equal(f"{scenario.name}: {'in sync' if scenario.in_sync else 'told as failing, as before'}",
              status, "True" if scenario.in_sync else "False")
    equal("no Secret was written, made or deleted", versions(secrets()), before)
    equal("no key was made: the reference's newest is fresh", key_names(), names)
    equal("that key's certificate is served", kubeseal("--fetch-cert").stdout.strip(), certificate.strip())
    equal("that it has no right to Leases is told in one line, and no hindrance",
          controller.log.read_text().count("leader election is off"), 1)


def restart(controller, folder, scenarios):
    """A second start finds all as it left it."""
    equal("SIGTERM ends it cleanly", controller.stop(), 0)
    written, kept = versions(secrets()), versions(sealed_secrets())
    again = Controller(folder, 2)
    fact("a restart looks at every object again: this CRD keeps no record",
         again.looked_at([scenario.key for scenario in scenarios]))
    equal("... and stops cleanly", again.stop(), 0)
    equal("... and has written no Secret", versions(secrets()), written)
    equal("... nor any status", versions(sealed_secrets()), kept)


def what_the_reference_sealed():
    for name in SEALED_BY_REFERENCE:
        case = ROOT / "test/compat/sealed" / name
        sealed = json.loads((case / "stdout").read_text())
        wanted = json.loads((case / "unsealed.json").read_text())[0]["data"]
        address = f"http://{os.environ['BULLA_CONTROLLER_IP']}:8080/v1/verify"
        request = urllib.request.Request(address, data=json.dumps(sealed).encode(), method="POST")
        if name == SEALED_BY_REFERENCE[0]:  # its kubeseal --validate sends just this
            equal("verify says yes to what the reference's kubeseal sends", urllib.request.urlopen(request).status, 200)
        namespace = sealed["metadata"]["namespace"]
        if not get("namespaces", f"--field-selector=metadata.name={namespace}")["items"]:
            kubectl("create", "namespace", namespace)
        kubectl("apply", "-f", "-", given=sealed)
        made = ["secrets", "-n", namespace, f"--field-selector=metadata.name={sealed['metadata']['name']}"]
        fact(f"what the reference's kubeseal sealed is opened with an old key: {name}",
             eventually(lambda: [one["data"] for one in get(*made)["items"]] == [wanted]))


def what_we_seal():
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "ours", "namespace": "default"},
              "stringData": {"a": "b"}}
    sealed = kubeseal(given=json.dumps(secret))
    kubectl("apply", "-f", "-", given=json.loads(sealed.stdout))
    fact("what our kubeseal seals is opened", eventually(lambda: kubectl(
        "get", "secrets", "-n", "default", "-o", "jsonpath={.items[?(@.metadata.name=='ours')].data.a}") == "Yg=="))
    for flag, word in (("--validate", "validated"), ("--re-encrypt", "re-encrypted")):
        # Tried again, because the rate of such requests is limited.
        fact(f"... and {word}", eventually(lambda flag=flag: kubeseal(flag, given=sealed.stdout).returncode == 0))


def certificate_form(pem):
    """What `openssl x509 -text` says of a certificate, without what is different in each; and its key's size."""
    text = subprocess.run(["openssl", "x509", "-noout", "-text", "-certopt", "no_serial,no_validity,no_sigdump,no_pubkey"],
                          input=pem, check=True, stdout=subprocess.PIPE).stdout.decode()
    bits = subprocess.run(["openssl", "x509", "-noout", "-pubkey"], input=pem, check=True, stdout=subprocess.PIPE).stdout
    hidden = [line for line in text.split("\n") if line.count(":") < 10]
    return hidden, len(bits)


def our_key(controller, recorded, names):
    controller.process.send_signal(signal.SIGUSR1)
    fact("SIGUSR1 adds a key", eventually(lambda: len(key_names()) == len(names) + 1))
    ours = next(one for one in get("secrets", *KEYS)["items"] if one["metadata"]["name"] not in names)
    form = lambda secret: {"type": secret["type"], "labels": secret["metadata"]["labels"],
                           "annotations": secret["metadata"].get("annotations"), "items": sorted(secret["data"])}
    equal("... of the recorded form", form(ours), form(recorded))
    fact("... of a name that begins alike",
         ours["metadata"]["name"].startswith(recorded["metadata"]["generateName"]), ours["metadata"]["name"])
    item = lambda secret, name: base64.b64decode(secret["data"][name])
    equal("... its private key in the same PEM form", item(ours, "tls.key").split(b"\n")[0],
          item(recorded, "tls.key").split(b"\n")[0])
    equal("... its certificate of the same form", certificate_form(item(ours, "tls.crt")),
          certificate_form(item(recorded, "tls.crt")))


def our_secrets(scenarios):
    """Secrets that ours makes are those that the reference made."""
    for scenario in scenarios:
        if scenario.name[:2] not in ("01", "07", "11"):
            continue
        recorded = scenario.snapshot["secrets"][0]
        name = recorded["metadata"]["name"]
        old = get("secret", name, "-n", scenario.namespace)
        kubectl("delete", "secret", name, "-n", scenario.namespace)
        key = f"{scenario.namespace}/{name}"
        fact(f"{scenario.name}: a deleted Secret comes back", eventually(
            lambda: key in secrets() and secrets()[key]["metadata"]["uid"] != old["metadata"]["uid"]))
        made = secrets()[key]
        owners = made["metadata"].get("ownerReferences", [])
        equal("... owned by its SealedSecret", [one.pop("uid") for one in owners],
              [sealed_secrets()[scenario.key]["metadata"]["uid"]])
        made["metadata"] = without(["uid", "resourceVersion", "creationTimestamp", "managedFields"], made["metadata"])
        equal("... as the reference made it", made, recorded)


def is_time(text):
    try:
        return bool(datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ"))
    except ValueError:
        return False


def status_for_the_reference():
    """What the reference reads of a status, and that nothing in it could trip its reader."""
    known = {"type", "status", "reason", "message", "lastUpdateTime", "lastTransitionTime"}
    wrong = []
    for key, sealed in sealed_secrets().items():
        status = sealed["status"]
        conditions = status["conditions"]
        good = (set(status) <= {"conditions", "observedGeneration"}
                and status["observedGeneration"] == sealed["metadata"]["generation"]
                and conditions[0]["type"] == "Synced"
                and all(set(one) <= known and one["status"] in ("True", "False", "Unknown")
                        and is_time(one["lastUpdateTime"]) and is_time(one["lastTransitionTime"])
                        for one in conditions))
        if not good:
            wrong.append((key, status))
    equal("every status has the reference's form: Synced first, both times, the generation", wrong, [])


def crds_change_places():
    kubectl("apply", "-f", str(ROOT / "manifests/crd.yaml"))
    kubectl("annotate", "sealedsecret", "ours", "-n", "default", "touched=1")
    patch = json.dumps({"spec": {"template": {"metadata": {"labels": {"under": "our-crd"}}}}})
    kubectl("patch", "sealedsecret", "ours", "-n", "default", "--type=merge", "--patch", patch)
    fact("our CRD goes over the reference's, and objects work on", eventually(
        lambda: get("secret", "ours", "-n", "default")["metadata"].get("labels") == {"under": "our-crd"}))
    kubectl("apply", "-f", str(ROOT / "test/migration/reference.yaml"))
    fact("the reference's goes over ours", eventually(
        lambda: set(sealed_secrets()["default/ours"]["status"]) <= {"conditions", "observedGeneration"}))


def backup_and_restore(folder):
    backup = folder / "sealing-keys.yaml"
    backup.write_text(kubectl("get", "secret", *KEYS, "-o", "yaml"))
    saved = key_names()
    # The one that our controller made is the newest, and has a random name. Nothing depends on "new33": it is kept
    # because it is the newest when its turn comes.
    kubectl("delete", "secret", "-n", "kube-system", *sorted(saved, key=lambda name: name.endswith(("new33", "old22", "t8ggd"))))
    fact("without any key one is made", eventually(lambda: len(key_names()) == 1))
    fact("what was deleted is kept, and given up when that is deleted too",
         eventually(lambda: len(key_names("lost")) == len(saved)))
    kubectl("delete", "secret", "-n", "kube-system", "-l", LABEL + "=lost")
    # A new generation, which the key that is here can't open.
    kubectl("patch", "sealedsecret", "s", "-n", "rec1", "--type=merge", "--patch",
            json.dumps({"spec": {"template": {"metadata": {"labels": {"l": "restored"}}}}}))
    fact("what needs a lost key says so", eventually(
        lambda: "no key could decrypt" in condition(sealed_secrets()["rec1/s"], "Synced").get("message", "")))
    kubectl("apply", "-f", str(backup))
    fact("keys come back from a backup, beside the new one", set(saved) < set(key_names()))
    fact("... and what needed them is opened at once", eventually(
        lambda: secrets()["rec1/s"]["metadata"]["labels"] == {"l": "restored"}))


def main():
    scenarios = [Scenario(ROOT, name) for name in SCENARIOS]
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        recorded, certificate = install_reference(scenarios)
        before, names = versions(secrets()), key_names()
        equal("the reference's state is there", (len(before), len(names)), (9, 3))
        controller = Controller(folder, 1)
        try:
            move_over(controller, scenarios, before, names, certificate)
            restart(controller, folder, scenarios)
            controller = Controller(folder, 3)
            fact("it serves again", eventually(lambda: kubeseal("--fetch-cert").returncode == 0))
            what_the_reference_sealed()
            our_key(controller, recorded, names)
            what_we_seal()
            our_secrets(scenarios)
            status_for_the_reference()
            backup_and_restore(folder)
            crds_change_places()
            equal("it ends cleanly", controller.stop(), 0)
            status_for_the_reference()
        finally:
            controller.process.kill()
            if failed:
                print(controller.log.read_text()[-4000:])
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
