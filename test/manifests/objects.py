# SPDX-License-Identifier: Apache-2.0
"""What the checks of manifests/ share: to read, render and compare Kubernetes objects."""
import copy
import functools
import os
import pathlib
import subprocess

import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
MANIFESTS = ROOT / "manifests"
CHART = MANIFESTS / "helm" / "sealed-secrets"
VALUES = ROOT / "test" / "manifests" / "values"


@functools.cache
def run(*command):
    """Standard output, the same for the same command; an error with all that was printed if it fails."""
    done = subprocess.run(command, text=True, capture_output=True)
    if done.returncode != 0:
        raise AssertionError(f"{command[0]} ended with {done.returncode}: {done.stdout}{done.stderr}")
    return done.stdout


def objects_in(text):
    return [document for document in yaml.safe_load_all(text) if document]


def read(name):
    return objects_in((MANIFESTS / name).read_text())


def kustomized(folder):
    return objects_in(run(os.environ["KUBECTL"], "kustomize", str(folder)))


def rendered(*arguments, release="sealed-secrets", namespace="kube-system", helm="HELM4"):
    return objects_in(run(os.environ[helm], "template", release, str(CHART), "-n", namespace, *arguments))


def rendered_with(value_set):
    return rendered("-f", str(VALUES / f"{value_set}.yaml"))


def find(objects, kind, name):
    found = [o for o in objects if o["kind"] == kind and o["metadata"]["name"] == name]
    assert len(found) == 1, f"{len(found)} objects {kind} {name}, not one"
    return found[0]


def of_kind(objects, kind):
    return [o for o in objects if o["kind"] == kind]


def pod_specs(objects):
    return [o["spec"]["template"]["spec"] for o in objects if o["kind"] == "Deployment"]


def container_of(objects):
    (spec,) = pod_specs(objects)
    (container,) = spec["containers"]
    return container


def key_of(thing):
    return thing["kind"], thing["metadata"].get("namespace", ""), thing["metadata"]["name"]


def without_labels(thing):
    """A copy that says what the object does: without labels, and what selects by them."""
    thing = copy.deepcopy(thing)
    templates = [thing] + ([thing["spec"]["template"]] if thing["kind"] == "Deployment" else [])
    for part in templates:
        part.get("metadata", {}).pop("labels", None)
        part.get("metadata", {}).pop("annotations", None)
    if thing["kind"] == "Deployment":
        thing["spec"]["selector"] = None
        thing["spec"]["template"].pop("metadata", None)
        for container in thing["spec"]["template"]["spec"]["containers"]:
            container["name"] = "controller"
            for probe in ("livenessProbe", "readinessProbe"):
                container[probe] = without_defaults(container[probe])
        for constraint in thing["spec"]["template"]["spec"].get("topologySpreadConstraints", []):
            constraint["labelSelector"] = None
    if thing["kind"] in ("Service", "PodDisruptionBudget"):
        thing["spec"]["selector"] = None
    return thing


def without_defaults(probe):
    """A probe without what Kubernetes would fill in."""
    defaults = {"initialDelaySeconds": 0, "periodSeconds": 10, "timeoutSeconds": 1,
                "failureThreshold": 3, "successThreshold": 1}
    return {k: v for k, v in probe.items() if defaults.get(k) != v}


def selects(selector, labels):
    return all(labels.get(k) == v for k, v in selector.items())


def breaches_of_restricted_v2(objects):
    """Where a pod is not of OpenShift's SCC "restricted-v2", which is the level "restricted" and more: users
    and groups come from ranges of the namespace, which nobody knows beforehand."""
    (spec,) = pod_specs(objects)
    contexts = [spec.get("securityContext", {})] + [c.get("securityContext", {}) for c in spec["containers"]]
    chosen = ("runAsUser", "runAsGroup", "fsGroup", "supplementalGroups", "seLinuxOptions")
    found = [f"{field} is chosen" for field in chosen if any(field in context for context in contexts)]
    found += [f"capability {added}" for c in contexts for added in c.get("capabilities", {}).get("add", [])]
    return found + breaches_of_restricted(spec)


def breaches_of_restricted(spec):
    """Where a pod is not of the level "restricted" of the Pod Security Standards."""
    pod = spec.get("securityContext", {})
    allowed_volumes = {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim",
                       "projected", "secret"}
    found = [f"{field} is set" for field in ("hostNetwork", "hostPID", "hostIPC") if spec.get(field)]
    found += [f"volume {v['name']}" for v in spec.get("volumes", []) if not set(v) - {"name"} <= allowed_volumes]
    for container in spec["containers"] + spec.get("initContainers", []):
        own = container.get("securityContext", {})
        effective = {**pod, **own}
        if effective.get("runAsNonRoot") is not True or effective.get("runAsUser") == 0:
            found.append("may run as root")
        if effective.get("seccompProfile", {}).get("type") not in ("RuntimeDefault", "Localhost"):
            found.append("no seccomp profile")
        if own.get("allowPrivilegeEscalation") is not False or own.get("privileged"):
            found.append("privilege escalation")
        capabilities = own.get("capabilities", {})
        if capabilities.get("drop") != ["ALL"] or set(capabilities.get("add", [])) - {"NET_BIND_SERVICE"}:
            found.append("capabilities")
        if any(port.get("hostPort") for port in container.get("ports", [])):
            found.append("a port of the node")
    return found
