# SPDX-License-Identifier: Apache-2.0
"""The attacks, each with its siblings. An attack is given a running cluster and returns what failed in it.

Nobody here has a right beyond creating SealedSecrets in namespaces of their own, or reaching the Service.
"""
import base64
import collections.abc
import concurrent.futures
import dataclasses
import json
import os
import socket
import subprocess
import time

from cluster import eventually, sealed_path, secret_path

ATTACKS = {}


@dataclasses.dataclass
class Attack:
    make: collections.abc.Callable        # given the cluster; returns what failed
    flags: list = dataclasses.field(default_factory=list)  # of the controller
    seconds: float = 6                    # how long it is watched after it was made
    restart: bool = False                 # then the controller is started anew beside what the attack left
    at_start: bool = False                # what it makes is there before the controller is
    afterwards: collections.abc.Callable = lambda cluster: []  # what failed, asked at the very end


def attack(name, **how):
    def register(make):
        ATTACKS[name] = Attack(make, **how)
        return make
    return register


def at_once(*calls):
    """Runs the calls side by side and returns what they gave."""
    with concurrent.futures.ThreadPoolExecutor(len(calls)) as pool:
        return [one.result() for one in [pool.submit(*call) for call in calls]]


def told_of(cluster, namespace, name, patience):
    """The status that the controller wrote of an object: one without conditions is the CRD's own."""
    def status():
        found = (cluster.api.get(sealed_path(namespace, name)) or {}).get("status", {})
        return found if found.get("conditions") else None
    return eventually(status, patience)


def refused(name, answer, statuses=(400, 404, 413, 429, 503)):
    return [] if answer[0] in statuses else [f"{name}: answered {answer[0] or 'nothing'}"]


# --- bodies that grow ---------------------------------------------------------------------------------------------

def body_bombs():
    text = "x" * 60000
    yield "one text, 12,000 aliases", f'a: &a "{text}"\nb: [{",".join(["*a"] * 12000)}]\n'
    yield "one text, 40,000 aliases", f'a: &a "{text}"\nb: [{",".join(["*a"] * 40000)}]\n'
    yield "20 documents", ('a: &a "' + "x" * 200 + '"\nb: [' + ",".join(["*a"] * 200) + "]\n---\n") * 20
    yield "95 anchors around one list", "a: " + "".join(f"&a{i} [" for i in range(95)) + ",".join(["x"] * 100000) + "]" * 95
    yield "merge keys", f'a: &a {{k: "{text}"}}\nb:\n' + "- {<<: [*a, *a]}\n" * 5000
    yield "aliases of aliases", "a0: &a0 [x, x]\n" + "".join(
        f"a{i}: &a{i} [*a{i - 1}, *a{i - 1}]\n" for i in range(1, 40))
    yield "JSON, 900,000 zeros", '{"a":[' + "0," * 900000 + "0]}"
    yield "JSON, empty maps", '{"a":[' + "{}," * 600000 + "{}]}"
    yield "JSON, nested", '{"a":' * 200000
    yield "YAML, 900,000 zeros", "a: [" + "0," * 900000 + "0]\n"
    yield "YAML, 200,000 tiny pairs", "".join(f"k{i}: \n" for i in range(200000))


@attack("bodies that grow: aliases, anchors, documents, tiny values", flags=["--rate-limit=1000", "--rate-limit-burst=1000"])
def bodies_that_grow(cluster):
    found = []
    for name, body in body_bombs():
        for path in ("/v1/verify", "/v1/rotate"):
            for answer in at_once(*[(cluster.http, path, body.encode())] * 3):
                found += refused(f"{name}, {path}", answer)
    return found


# --- templates ----------------------------------------------------------------------------------------------------

@attack("templates that end the process: certificates that no library makes", restart=True)
def templates_that_abort(cluster):
    cluster.api.namespace("tenant")
    programs = ['{{ (genCA "x" -100000).Cert }}', '{{ (genCA (b64dec "/////w==") 1).Cert }}',
                '{{ (genCA (repeat 1100000 "a") 1).Cert }}', '{{ (genSelfSignedCert "x" nil nil -100000).Cert }}',
                '{{ (genSelfSignedCert (b64dec "/////w==") nil nil 1).Cert }}',
                '{{ (genSelfSignedCert "x" (list (repeat 300 "1")) (list (b64dec "/////w==")) 106752).Cert }}',
                '{{ $ca := genCA "x" 1 }}{{ (genSignedCert "x" nil nil -100000 $ca).Cert }}',
                '{{ $ca := genCA "x" 1 }}{{ (genSignedCert (b64dec "/////w==") nil nil 1 $ca).Cert }}',
                '{{ htpasswd (b64dec "AAA=") (b64dec "AAA=") }}', '{{ bcrypt (repeat 100000 "a") }}',
                '{{ derivePassword 1 "long" (b64dec "AAA=") "u" "s" }}', '{{ encryptAES (b64dec "AAA=") "x" }}',
                '{{ decryptAES "k" (b64enc "short") }}', '{{ buildCustomCert (b64enc "x") (b64enc "y") }}']
    for number, program in enumerate(programs):
        cluster.template("tenant", f"abort{number}", [program])
    return []


@attack("templates that take all memory", restart=True, seconds=10)
def templates_that_grow(cluster):
    cluster.api.namespace("tenant")
    programs = ['{{ $b := repeat 4000000 "a" }}{{ range until 1000 }}{{ $x := splitn "a" 1 $b }}{{ end }}',
                '{{ $b := repeat 4000000 "a" }}{{ range until 1000 }}{{ $x := splitn "zzzzzzz" 5 $b }}{{ end }}',
                '{{ $b := repeat 400000 "a," }}{{ $l := list }}{{ range until 300 }}'
                '{{ $l = append $l (splitList "," $b) }}{{ end }}',
                '{{ $b := repeat 400000 "a" }}{{ $d := dict }}{{ range until 3000 }}'
                '{{ $_ := set $d (toString .) (upper $b) }}{{ end }}',
                '{{ $b := repeat 400000 "a" }}{{ $l := list }}{{ range until 3000 }}{{ $l = append $l (list $b .) }}{{ end }}',
                '{{ $b := repeat 1000000 "a" }}{{ range until 3000 }}{{ $x := printf "%s%d" $b . }}{{ end }}',
                '{{ $b := repeat 1000000 "a" }}{{ range until 3000 }}{{ $x := toJson (list $b .) | fromJson }}{{ end }}']
    for number, program in enumerate(programs):
        cluster.template("tenant", f"grow{number}", [program])
    cluster.template("tenant", "outputs", ['{{ repeat 4194304 "a" }}'] * 60)
    return []


@attack("templates that run for hours", restart=True, seconds=12)
def templates_that_run(cluster):
    text = '{{ $b := repeat 4000000 "a" }}{{ range until 100000 }}{{ $x := %s }}{{ end }}'
    for number, call in enumerate(['sha512sum $b', 'sha1sum $b', 'contains "ab" $b', 'initials $b', 'trimAll "b" $b',
                                   'eq $b (print $b)', 'hasPrefix $b $b', 'regexMatch "a**(" $b', 'deepEqual $b $b',
                                   'b64enc $b', 'len (splitList "b" $b)', 'adler32sum $b']):
        cluster.api.namespace(f"tenant{number % 3}")
        cluster.template(f"tenant{number % 3}", f"run{number}", [text % call])
    cluster.template("tenant0", "list", ['{{ $l := until 100000 }}{{ range $l }}{{ $x := first $l }}{{ $y := all $l }}{{ end }}'])
    return []


@attack("a value told by the errors of templates that it steers")
def steered_errors(cluster):
    cluster.api.namespace("tenant")
    secret = "hunter2-S3cr3tValue"
    sealed = cluster.sealed_secret("tenant", "steer", {"password": cluster.seal(secret, "tenant", "steer")}, {"data": {}})
    letters = sorted(set(secret) | set("abcxyz09"))
    for position in range(len(secret)):
        turns = "".join(f'{{{{ if eq $c "{one}" }}}}{{{{ fail "{one}{position}!" }}}}{{{{ end }}}}' for one in letters)
        sealed["spec"]["template"]["data"][f"p{position:02}"] = f"{{{{ $c := substr {position} {position + 1} .password }}}}{turns}"
    cluster.apply(sealed)
    status = told_of(cluster, "tenant", "steer", 20)
    if not status:
        return ["no status was written"]
    told = json.dumps(status) + json.dumps(cluster.api.get("/api/v1/namespaces/tenant/events")) + cluster.log_text()
    return [f"letter {position} of the value was told" for position, one in enumerate(secret) if f"{one}{position}!" in told]


# --- one tenant's work --------------------------------------------------------------------------------------------

def foreign_envelope():
    """Well-formed for a key of 4096 bits, and sealed for nobody."""
    return base64.b64encode(b"\x02\x00" + os.urandom(512) + os.urandom(30)).decode()


def apply_many(cluster, objects, items, ciphertext, name="many"):
    """Objects of one tenant, each of so many items, all the same."""
    cluster.api.namespace("tenant")
    for number in range(objects):
        cluster.apply(cluster.sealed_secret("tenant", f"{name}{number}", {f"i{item}": ciphertext for item in range(items)}))
    return []


@attack("two objects of 90,000 items that are no envelope", restart=True, seconds=8)
def empty_items(cluster):
    return apply_many(cluster, 2, 90000, "")


@attack("objects of 2,000 well-formed items that do not open", restart=True, seconds=10)
def foreign_items(cluster):
    return apply_many(cluster, 3, 1400, foreign_envelope())


@attack("60 namespaces of one tenant, with objects that take long", seconds=10)
def many_namespaces(cluster):
    envelope = foreign_envelope()
    for number in range(60):
        namespace = f"tenant{number}"
        cluster.api.namespace(namespace)
        for name in ("a", "b"):
            cluster.apply(cluster.sealed_secret(namespace, name, {f"i{i}": envelope for i in range(90)}))
        cluster.template(namespace, "slow", ['{{ range until 100000 }}{{ $x := sha512sum "a" }}{{ end }}'])
    return []


@attack("1,000 small objects that do not open", restart=True, seconds=10)
def small_objects(cluster):
    envelope = foreign_envelope()
    apply_many(cluster, 1000, 1, envelope, "small")
    # Another tenant's own failure is told to him all the same.
    cluster.api.namespace("other")
    cluster.apply(cluster.sealed_secret("other", "mistake", {"item": envelope}))
    told = eventually(lambda: [event for event in (cluster.api.get("/api/v1/namespaces/other/events") or {}).get("items", [])
                               if event["involvedObject"]["name"] == "mistake"], 20)
    return [] if told else ["other/mistake got no Event within 20 s"]


@attack("245 objects of 1 MB, there before the controller is", at_start=True)
def large_objects(cluster):
    return apply_many(cluster, 245, 1, "A" * 1000000, "large")


def nested(size):
    """Lists in lists, 85 deep, in so many bytes of JSON: parsed, they take 25 times as much."""
    deep = 0
    for _ in range(85):
        deep = [deep]
    return [deep] * (size // 172)


@attack("40 objects of 1 MB of nested lists, where the CRD takes anything", restart=True, seconds=15)
def nested_objects(cluster):
    cluster.api.namespace("tenant")
    forms = [
        lambda lists: {"template": {"metadata": {"managedFields": [{"fieldsV1": {"x": lists}}]}}, "encryptedData": {}},
        lambda lists: {"template": {"metadata": {"unknown": lists}}, "encryptedData": {}},
        lambda lists: {"encryptedData": {"item": lists}},
    ]
    for number in range(40):
        sealed = cluster.sealed_secret("tenant", f"nested{number}", {})
        sealed["spec"] = forms[number % len(forms)](nested(1000000))
        cluster.apply(sealed)
    return []


@attack("objects whose one log line would be of megabytes")
def long_lines(cluster):
    cluster.api.namespace("tenant")
    cluster.apply(cluster.sealed_secret("tenant", "lines", {f"item-number-{item}": "!" for item in range(8000)}))
    cluster.apply(cluster.sealed_secret("tenant", "names", {("n" * 5000) + str(item): "!" for item in range(180)}))
    for name in ("lines", "names"):
        told_of(cluster, "tenant", name, 20)
    longest = max(len(line) for line in cluster.log_text().split("\n"))
    return [f"a log line of {longest} bytes"] if longest > 16384 else []


@attack("a status that claims half a million sealing keys", restart=True)
def claimed_keys(cluster):
    cluster.api.namespace("tenant")
    for number in range(140):
        name = f"claims{number}"
        cluster.apply(cluster.sealed_secret("tenant", name, {}))
        claims = [f"{number}-{key}-" + "x" * 1500 for key in range(480)]
        cluster.api.request("PATCH", sealed_path("tenant", name) + "/status", {"status": {"sealingKeys": claims}},
                            "application/merge-patch+json")
    return []


# --- who may be a key ---------------------------------------------------------------------------------------------

def evil_pair(folder):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=evil", "-days", "3650",
                    "-keyout", folder / "evil.key", "-out", folder / "evil.crt"], check=True, capture_output=True)
    return (folder / "evil.crt").read_text(), (folder / "evil.key").read_text()


def certificate_is_foreign(cluster):
    served = cluster.http("/v1/cert.pem")[1]
    return [] if served == (cluster.folder / "cert.pem").read_bytes() else ["the certificate served is another one"]


@attack("a SealedSecret that would become a sealing key", restart=True, afterwards=certificate_is_foreign)
def planted_keys(cluster):
    cert, key = evil_pair(cluster.folder)
    label = "sealedsecrets.bitnami.com/sealed-secrets-key"
    own = "sealedsecrets.bitnami.com"
    plants = {"by-label": {"labels": {label: "active"}}, "sealed-secrets-key": {}, "by-old-label": {"labels": {label: "compromised"}},
              "managed": {"labels": {label: "active"}, "annotations": {f"{own}/managed": "true"}},
              "unowned": {"labels": {label: "active"}, "annotations": {f"{own}/skip-set-owner-references": "true"}},
              "patched": {"labels": {label: "active"}, "annotations": {f"{own}/patch": "true"}}}
    for name, metadata in plants.items():
        items = {"tls.crt": cluster.seal(cert, "kube-system", name), "tls.key": cluster.seal(key, "kube-system", name)}
        sealed = cluster.sealed_secret("kube-system", name, items, {"type": "kubernetes.io/tls", "metadata": metadata})
        sealed["metadata"]["annotations"] = metadata.get("annotations", {})
        cluster.apply(sealed)
    for name in plants:
        told_of(cluster, "kube-system", name, 10)
    return certificate_is_foreign(cluster)


# --- what is told -------------------------------------------------------------------------------------------------

@attack("names that are escapes of a terminal")
def escapes(cluster):
    cluster.api.namespace("tenant")
    items = {"a\x1b]0;PWNED\x07\x1b[2Jb": "!", "c\x9b31md": "!", "line\nfake: line": "!", "bidi\u202eevil": "!"}
    cluster.apply(cluster.sealed_secret("tenant", "escapes", items))
    status = told_of(cluster, "tenant", "escapes", 20)
    events = cluster.api.get("/api/v1/namespaces/tenant/events")["items"]
    messages = [one["message"] for one in status.get("conditions", [])] + [one["message"] for one in events]
    return [f"told raw: {message!r}" for message in messages if any(not one.isprintable() for one in message.replace("\n", ""))]


# --- HTTP ---------------------------------------------------------------------------------------------------------

def held(cluster, source, payload, count):
    """Connections of one address that sent the payload and read nothing."""
    sockets = []
    for _ in range(count):
        one = socket.socket()
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        one.settimeout(2)
        try:
            one.bind((source, 0))
            one.connect(("127.0.0.1", cluster.port))
            one.setblocking(False)
            one.send(payload)
        except OSError:
            pass
        sockets.append(one)
    return sockets


@attack("256 connections of two addresses that read nothing", seconds=2)
def stuck_writers(cluster):
    pipelined = b"GET /v1/cert.pem HTTP/1.1\r\nHost: x\r\n\r\n" * 4000
    sockets = held(cluster, "127.0.0.1", pipelined, 128) + held(cluster, "127.0.0.2", pipelined, 128)
    time.sleep(15)
    for one in sockets:
        one.close()
    return []


@attack("256 connections of two addresses that drip", seconds=2)
def slow_senders(cluster):
    heads = [b"GET /healthz HTTP/1.1\r\nHost: x\r\nX: ", b"POST /v1/verify HTTP/1.1\r\nHost: x\r\nContent-Length: 900000\r\n\r\n",
             b"POST /v1/verify HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1;", b"\r\n"]
    sockets = [one for number, head in enumerate(heads) for one in held(cluster, f"127.0.0.{1 + number % 2}", head, 64)]
    for _ in range(12):
        time.sleep(1)
        for one in sockets:
            try:
                one.send(b"x")
            except OSError:
                pass
    for one in sockets:
        one.close()
    return []


@attack("bodies that drip, in all places of /v1/verify and /v1/rotate", seconds=2)
def slow_bodies(cluster):
    head = b"POST /v1/verify HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n\r\n"
    sockets, refusals = [], []
    for _ in range(12):
        sockets = sockets[-40:] + held(cluster, "127.0.0.1", head, 4) + held(cluster, "127.0.0.2", head, 4)
        for one in sockets:
            try:
                one.send(b"x")
            except OSError:
                pass
        for source in ("127.0.0.1", "127.0.0.4"):
            for path in ("/v1/verify", "/v1/rotate"):
                refusals += refused(f"{path} of {source}", cluster.http(path, b"{}", source), (400,))
        time.sleep(1)
    for one in sockets:
        one.close()
    return refusals


@attack("bodies in forms that two readers read differently")
def smuggled(cluster):
    found = []
    second = b"GET /v1/cert.pem HTTP/1.1\r\nHost: x\r\n\r\n"
    for name, head in {"chunked, identity": b"Transfer-Encoding: chunked, identity\r\n",
                       "xchunked with a length": b"Transfer-Encoding: xchunked\r\nContent-Length: 3\r\n",
                       "chunked with a length": b"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n",
                       "identity": b"Transfer-Encoding: identity\r\n",
                       "chunked twice": b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"}.items():
        with socket.create_connection(("127.0.0.1", cluster.port), timeout=5) as one:
            one.sendall(b"POST /v1/verify HTTP/1.1\r\nHost: x\r\n" + head + b"\r\n" + second)
            answer = b""
            try:
                while piece := one.recv(65536):
                    answer += piece
            except OSError:
                pass
        if answer.count(b"HTTP/1.1 ") != 1 or b"BEGIN CERTIFICATE" in answer:
            found.append(f"{name}: the body was read as a request")
    return found


@attack("chunked bodies with megabytes of trailers")
def trailers(cluster):
    lines = b"".join(b"X-%d: %s\r\n" % (number, b"y" * 1000) for number in range(2000))
    body = b"POST /v1/verify HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" + lines + b"\r\n"

    def send():
        try:
            with socket.create_connection(("127.0.0.1", cluster.port), timeout=5) as one:
                one.sendall(body)
                return one.recv(100)
        except OSError:
            return b""
    at_once(*[(send,)] * 9)
    return []


# --- the end ------------------------------------------------------------------------------------------------------

@attack("SIGTERM while everything of a tenant goes on", seconds=2, restart=True)
def told_to_stop(cluster):
    empty_items(cluster)
    templates_that_run(cluster)
    return []
