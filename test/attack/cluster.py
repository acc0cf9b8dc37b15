# SPDX-License-Identifier: Apache-2.0
"""A cluster to attack: the API server in memory, one controller, and those who watch how it fares."""
import base64
import http.client
import json
import os
import pathlib
import random
import signal
import socket
import ssl
import subprocess
import threading
import time
import urllib.parse

import yaml

DATA_LIMIT = 512 << 20  # bytes: what a pod's memory limit would be; the controller ends where it passes that
PATIENCE = 60  # seconds for what is no part of an attack, such as the first start


def free_port():
    """A port below those that the kernel hands out: nobody takes it between here and the one who listens on it."""
    while True:
        port = random.randrange(20000, 30000)
        with socket.socket() as one:
            try:
                one.bind(("", port))
                return port
            except OSError:
                continue


def eventually(condition, patience=PATIENCE):
    deadline = time.monotonic() + patience
    while not (found := condition()):
        if time.monotonic() > deadline:
            return found
        time.sleep(0.02)
    return found


class Api:
    """Requests to the API server, one connection a thread."""

    def __init__(self, kubeconfig):
        config = yaml.safe_load(kubeconfig.read_text())
        cluster = config["clusters"][0]["cluster"]
        address = urllib.parse.urlsplit(cluster["server"])
        self.host, self.port = address.hostname, address.port
        self.token = config["users"][0]["user"]["token"]
        self.trust = ssl.create_default_context(cadata=base64.b64decode(cluster["certificate-authority-data"]).decode())
        self.here = threading.local()

    def request(self, method, path, body=None, content="application/json"):
        """Status and answer; a connection that the server closed is opened once more."""
        for last in (False, True):
            try:
                if not hasattr(self.here, "connection"):
                    self.here.connection = http.client.HTTPSConnection(self.host, self.port, context=self.trust, timeout=30)
                self.here.connection.request(method, path, None if body is None else json.dumps(body),
                                             {"Authorization": "Bearer " + self.token, "Content-Type": content})
                answer = self.here.connection.getresponse()
                return answer.status, json.loads(answer.read() or b"null")
            except (OSError, http.client.HTTPException):
                del self.here.connection
                if last:
                    raise

    def get(self, path):
        status, answer = self.request("GET", path)
        return answer if status == 200 else None

    def create(self, path, body):
        status, answer = self.request("POST", path, body)
        if status not in (200, 201):
            raise RuntimeError(f"the API server refused {path}: {status} {answer.get('message')}")
        return answer

    def namespace(self, name):
        self.request("POST", "/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})


def sealed_path(namespace, name=""):
    return f"/apis/bitnami.com/v1alpha1/namespaces/{namespace}/sealedsecrets" + (f"/{name}" if name else "")


def secret_path(namespace, name=""):
    return f"/api/v1/namespaces/{namespace}/secrets" + (f"/{name}" if name else "")


class Cluster:
    """What one attack is run against; everything in it ends with it."""

    def __init__(self, build, crd, folder, flags=()):
        self.build, self.folder, self.flags = build, folder, list(flags)
        kubeconfig = folder / "kubeconfig"
        self.server_log = (folder / "apiserver.log").open("wb")
        self.server = subprocess.Popen([build / "test/apiserver/bulla-test-apiserver", "--kubeconfig-out", kubeconfig,
                                        "--crd", crd], stdout=self.server_log, stderr=subprocess.STDOUT)
        if not eventually(lambda: kubeconfig.exists() and kubeconfig.read_text()):
            raise RuntimeError("the API server in memory did not start")
        self.kubeconfig = kubeconfig
        self.api = Api(kubeconfig)
        eventually(lambda: self.api.get("/api/v1/namespaces/kube-system"))
        self.controller = None
        self.peak_kib = 0
        self.starts = self.witnesses = 0

    def give_key(self, keys, name):
        """A test key as the sealing key: making one would take its own time."""
        encoded = {item: base64.b64encode((keys / file).read_bytes()).decode()
                   for item, file in {"tls.crt": name + ".crt", "tls.key": name + ".pkcs1.pem"}.items()}
        self.api.create(secret_path("kube-system"), {
            "apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls", "data": encoded,
            "metadata": {"name": "sealed-secrets-keyattack", "namespace": "kube-system",
                         "labels": {"sealedsecrets.bitnami.com/sealed-secrets-key": "active"}}})

    def start(self):
        """Starts the controller and does not wait for it."""
        self.starts += 1
        self.port = free_port()
        self.log = self.folder / f"controller-{self.starts}.log"
        with self.log.open("wb") as log:
            self.controller = subprocess.Popen(
                ["prlimit", f"--data={DATA_LIMIT}", self.build / "controller/controller",
                 "--listen-addr", f":{self.port}", "--listen-metrics-addr", "127.0.0.1:0",
                 "--crash-marks-file", self.folder / "marks", *self.flags],
                env={**os.environ, "POD_NAMESPACE": "kube-system", "KUBECONFIG": str(self.kubeconfig)},
                stdout=log, stderr=subprocess.STDOUT)

    def start_and_wait(self):
        self.start()
        if not eventually(lambda: self.http("/v1/cert.pem")[0] == 200 or not self.alive()) or not self.alive():
            raise RuntimeError("the controller did not become ready:\n" + self.log_text()[-2000:])

    def log_text(self):
        return self.log.read_text(errors="replace")

    def alive(self):
        return self.controller.poll() is None

    def measure(self):
        """Keeps the most memory that the controller ever held (VmHWM), in KiB."""
        try:
            for line in pathlib.Path(f"/proc/{self.controller.pid}/status").read_text().splitlines():
                if line.startswith("VmHWM:"):
                    self.peak_kib = max(self.peak_kib, int(line.split()[1]))
        except OSError:
            pass

    def stop(self, patience):
        """SIGTERM; the seconds until it ended, or None if it had to be killed."""
        began = time.monotonic()
        self.controller.send_signal(signal.SIGTERM)
        try:
            self.controller.wait(patience)
            return time.monotonic() - began
        except subprocess.TimeoutExpired:
            self.controller.kill()
            self.controller.wait()
            return None

    def http(self, path, body=None, source="127.0.0.1", patience=30):
        """Status (0: none came) and answer of the controller, asked from an address of our choice."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=patience, source_address=(source, 0))
        try:
            connection.request("GET" if body is None else "POST", path, body)
            answer = connection.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException):
            return 0, b""
        finally:
            connection.close()

    def seal(self, value, namespace, name):
        """One value, sealed strictly."""
        cert = self.folder / "cert.pem"
        if not cert.exists():
            cert.write_bytes(self.http("/v1/cert.pem")[1])
        return subprocess.run([self.build / "sealer/kubeseal", "--raw", "--cert", cert, "--namespace", namespace,
                               "--name", name, "--from-file", "/dev/stdin"], input=value, text=True, check=True,
                              capture_output=True).stdout.strip()

    def sealed_secret(self, namespace, name, items, template=None):
        return {"apiVersion": "bitnami.com/v1alpha1", "kind": "SealedSecret",
                "metadata": {"name": name, "namespace": namespace},
                "spec": {"encryptedData": items, "template": template or {}}}

    def apply(self, sealed):
        return self.api.create(sealed_path(sealed["metadata"]["namespace"]), sealed)

    def template(self, namespace, name, programs, items=None):
        """A SealedSecret whose templates are these programs."""
        data = {f"t{number}": program for number, program in enumerate(programs)}
        return self.apply(self.sealed_secret(namespace, name, items or {}, {"data": data}))

    def close(self):
        for process in (self.controller, self.server):
            if process and process.poll() is None:
                process.kill()
                process.wait()
        self.server_log.close()


class Witness:
    """A third address that asks for /healthz, and another tenant who has a new object opened, over and over."""

    def __init__(self, cluster):
        self.cluster = cluster
        self.ended = threading.Event()
        self.slowest_health = 0.0   # seconds; an answer that did not come counts as long as we waited
        self.slowest_opening = 0.0  # seconds
        self.health_asked = self.opened = 0
        self.failures = []
        self.round = cluster.witnesses = cluster.witnesses + 1
        cluster.api.namespace("prod")
        self.threads = [threading.Thread(target=self.guarded, args=(work,)) for work in (self.ask_health, self.open_objects)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        for thread in self.threads:
            thread.join()

    def guarded(self, work):
        try:
            while not self.ended.is_set():
                work()
                self.cluster.measure()
        except Exception as error:  # a witness that stops is a failure, whatever stopped it
            self.failures.append(f"{work.__name__}: {error}")

    def ask_health(self):
        began = time.monotonic()
        status, _ = self.cluster.http("/healthz", source="127.0.0.3", patience=5)
        self.slowest_health = max(self.slowest_health, time.monotonic() - began)
        self.health_asked += 1
        if status != 200:
            self.failures.append(f"/healthz answered {status or 'nothing'}")
        self.ended.wait(0.1)

    def open_objects(self):
        name = f"neighbour{self.round}-{self.opened}"
        sealed = self.cluster.sealed_secret("prod", name, {"password": self.cluster.seal("of-another-tenant", "prod", name)})
        self.cluster.apply(sealed)
        began = time.monotonic()
        found = eventually(lambda: self.ended.is_set() or self.cluster.api.get(secret_path("prod", name)), 30)
        if self.ended.is_set() and time.monotonic() - began < 2:
            return
        self.slowest_opening = max(self.slowest_opening, time.monotonic() - began)
        self.opened += 1
        if not found:
            self.failures.append(f"prod/{name} was not opened")
        self.ended.wait(0.3)
