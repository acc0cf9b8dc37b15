#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Run recorded command-line cases against a kubeseal-compatible program.

usage: run-cli-cases --bin PROGRAM [options] DIR [DIR ...]

Each DIR is either one case (it holds a case.json) or a folder that holds
cases, at any depth. README.md beside the cases describes their layout.

A case passes when the exit code, the output and the files left behind are as
recorded. Where the output holds ciphertext (which differs on every run) it is
opened again with PROGRAM --recovery-unseal and compared with unsealed.json;
when $ORACLE names a second program, that program must be able to open it with the same result too.

Error texts ("message match") and the exact layout of sealed output ("shape
match") are counted on their own and only fail a case with --strict-stderr and
--strict-shape.
"""
import argparse
import base64
import concurrent.futures
import http.server
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading

CIPHERTEXT = re.compile(rb"[A-Za-z0-9+/]{172,}={0,2}")


# ---------------------------------------------------------------- masking
def _ct(m):
    s = m.group(0)
    pad = s + b"=" * (-len(s) % 4)
    try:
        n = len(base64.b64decode(pad))
    except ValueError:
        n = -1
    return b"<ciphertext:%d>" % n


def mask_ciphertext(data):
    """Replace each long base64 run by its decoded length."""
    return CIPHERTEXT.sub(_ct, data)


def mask_volatile(data):
    """Hide what differs from run to run or from build to build."""
    data = re.sub(rb"0x[0-9a-f]{5,}", b"0xPTR", data)
    data = re.sub(rb"(\.[A-Za-z0-9_.-]*?[A-Za-z_.-])\d{6,}", rb"\1<RANDOM>", data)
    # klog header: Lmmdd hh:mm:ss.uuuuuu threadid
    data = re.sub(rb"(?m)^([IWEF])\d{4} \d\d:\d\d:\d\d\.\d{6} +\d+ ", rb"\1<KLOG> ", data)
    data = re.sub(rb"127\.0\.0\.1:\d+->", b"127.0.0.1:<EPHEMERAL>->", data)
    return data


def as_of_the_contract(data):
    """The runs were recorded of 0.36.6; the contract is 0.40.0, and --version says so."""
    return data.replace(b"kubeseal version: 0.36.6\n", b"kubeseal version: 0.40.0\n")


# ---------------------------------------------------------------- fake API server
class FakeServer:
    """Serves the canned answers of server.json and notes what was asked."""

    def __init__(self, answers):
        self.answers, self.seen = answers, []
        outer = self

        class H(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *a):
                pass

            def serve(self):
                n = int(self.headers.get("Content-Length") or 0)
                if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
                    body = b""
                    while True:
                        size = int(self.rfile.readline().split(b";")[0], 16)
                        body += self.rfile.read(size)
                        self.rfile.readline()
                        if size == 0:
                            break
                else:
                    body = self.rfile.read(n)
                note = {"method": self.command, "path": self.path}
                auth = self.headers.get("Authorization")
                if auth:
                    note["authorization"] = auth
                if body:
                    try:
                        note["body"] = json.loads(body)
                    except ValueError:
                        note["body"] = body.decode("latin-1")
                outer.seen.append(note)
                for a in outer.answers:
                    if a["method"] == self.command and a["path"] == self.path:
                        break
                else:
                    a = {"status": 404, "body": {"kind": "Status", "apiVersion": "v1", "metadata": {},
                         "status": "Failure", "message": "no such thing", "reason": "NotFound", "code": 404}}
                b = a.get("body", "")
                ctype = a.get("content_type")
                if not isinstance(b, str):
                    b, ctype = json.dumps(b), ctype or "application/json"
                b = b.encode()
                self.send_response(a.get("status", 200))
                self.send_header("Content-Type", ctype or "text/plain; charset=utf-8")
                self.send_header("Content-Length", str(len(b)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(b)

            do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = serve

        self.httpd = http.server.ThreadingHTTPServer(("127.0.0.1", 0), H)
        self.httpd.daemon_threads = True
        self.httpd.handle_error = lambda *a: None
        self.port = self.httpd.server_address[1]
        threading.Thread(target=self.httpd.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def close(self):
        self.httpd.shutdown()
        self.httpd.server_close()


# ---------------------------------------------------------------- running
def load_json(path, default=None):
    if not os.path.exists(path):
        return default
    with open(path, encoding="utf-8") as f:
        return json.load(f)


def read(path):
    with open(path, "rb") as f:
        return f.read()


def clean_env(home):
    return {"HOME": home, "PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LANG": "C", "TZ": "UTC",
            "TMPDIR": os.environ.get("TMPDIR", "/tmp")}


def call(prog, args, cwd, stdin, env, timeout):
    try:
        p = subprocess.run(["kubeseal"] + args, executable=prog, cwd=cwd, input=stdin, env=env,
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=timeout)
        return p.returncode, p.stdout, p.stderr
    except subprocess.TimeoutExpired as e:
        return "timeout", e.stdout or b"", e.stderr or b""


class Result:
    pass


def run_case(prog, case, timeout=60):
    """Run one case in a fresh folder and collect everything it left."""
    prog = os.path.abspath(prog)
    spec = load_json(os.path.join(case, "case.json"))
    args = load_json(os.path.join(case, "args.json"))
    env_extra = load_json(os.path.join(case, "env.json"), {})
    answers = load_json(os.path.join(case, "server.json"))
    top = os.path.realpath(tempfile.mkdtemp(prefix="case-"))
    cwd = os.path.join(top, "w")
    server = None
    try:
        src = os.path.join(case, "files")
        if os.path.isdir(src):
            shutil.copytree(src, cwd)
        else:
            os.mkdir(cwd)
        for d, _, fs in os.walk(cwd):
            os.chmod(d, 0o755)
            for f in fs:
                os.chmod(os.path.join(d, f), 0o644)
        port = "1"
        if answers is not None:
            server = FakeServer(answers)
            port = str(server.port)

        def fill(s):
            return s.replace("@CWD@", cwd).replace("@PORT@", port)

        for name in spec.get("subst", []):
            p = os.path.join(cwd, name)
            text = read(p).decode()
            with open(p, "w") as f:
                f.write(fill(text))
        env = clean_env(cwd)
        env.update({k: fill(v) for k, v in env_extra.items()})
        stdin_file = os.path.join(case, "stdin")
        stdin = read(stdin_file) if os.path.exists(stdin_file) else b""
        before = set()
        for d, _, fs in os.walk(cwd):
            before |= {os.path.relpath(os.path.join(d, f), cwd) for f in fs}
        r = Result()
        r.rc, out, err = call(prog, [fill(a) for a in args], cwd, stdin, env, timeout)

        def unfill(b):
            b = b.replace(cwd.encode(), b"@CWD@").replace(prog.encode(), b"kubeseal")
            if server:
                b = b.replace(b"127.0.0.1:" + port.encode(), b"127.0.0.1:@PORT@")
            return b

        r.stdout, r.stderr = unfill(out), unfill(err)
        r.files = {}
        for d, _, fs in os.walk(cwd):
            for f in fs:
                rel = os.path.relpath(os.path.join(d, f), cwd)
                b = read(os.path.join(d, f))
                if rel in spec.get("subst", []):
                    b = unfill(b)
                if rel in before and rel not in spec.get("subst", []) and b == read(os.path.join(src, rel)):
                    continue
                if rel in spec.get("subst", []) and b == read(os.path.join(src, rel)):
                    continue
                r.files[rel] = b
        r.removed = sorted(x for x in before if not os.path.exists(os.path.join(cwd, x)))
        r.requests = server.seen if server else None
        return r
    finally:
        if server:
            server.close()
        shutil.rmtree(top, ignore_errors=True)


# ---------------------------------------------------------------- opening sealed output
def split_documents(data):
    """Cut sealed output into its documents (JSON one after another, or YAML)."""
    text = data.decode("utf-8")
    if text.lstrip().startswith("{"):
        dec, i, docs = json.JSONDecoder(), 0, []
        while True:
            while i < len(text) and text[i].isspace():
                i += 1
            if i >= len(text):
                return docs
            _, j = dec.raw_decode(text, i)
            docs.append(text[i:j].encode())
            i = j
    return [d.encode() for d in re.split(r"(?m)^---[ \t]*$\n?", text) if d.strip()]


def raw_as_sealed(spec, data):
    """Dress a bare ciphertext (--raw) up as a SealedSecret, so it can be opened."""
    w = spec["raw"]
    anno = {"namespace-wide": {"sealedsecrets.bitnami.com/namespace-wide": "true"},
            "cluster-wide": {"sealedsecrets.bitnami.com/cluster-wide": "true"}}.get(w["scope"], {})
    meta = {"name": w.get("name") or "any-name", "namespace": w.get("namespace") or "any-namespace", "annotations": anno}
    return json.dumps({"apiVersion": "bitnami.com/v1alpha1", "kind": "SealedSecret", "metadata": meta,
                       "spec": {"encryptedData": {"value": data.decode("ascii").strip()},
                                "template": {"metadata": meta}}}).encode()


def prune(x):
    """Drop nulls and empty containers, which mean the same as absent."""
    if isinstance(x, dict):
        y = {k: prune(v) for k, v in x.items()}
        return {k: v for k, v in y.items() if v not in (None, {}, [])}
    if isinstance(x, list):
        return [prune(v) for v in x]
    return x


def same_secret(x):
    """A Secret for comparing; an empty value may be written as null or as ""."""
    y = prune({k: v for k, v in x.items() if k != "data"})
    data = x.get("data") or {}
    if data:
        y["data"] = {k: "" if v is None else v for k, v in data.items()}
    return y


def unseal(prog, case, spec, data, timeout=60):
    """Open sealed output with PROGRAM --recovery-unseal: a list of Secrets."""
    docs = [raw_as_sealed(spec, data)] if spec["mode"] == "raw" else split_documents(data)
    keys = ",".join(os.path.join(os.path.abspath(case), "keys", k) for k in spec["keys"])
    res = []
    with tempfile.TemporaryDirectory() as t:
        for d in docs:
            rc, out, err = call(os.path.abspath(prog), ["--recovery-unseal", "--recovery-private-key", keys], t, d,
                                clean_env(t), timeout)
            if rc != 0:
                raise RuntimeError("unsealing gave exit code %s: %s" % (rc, err.decode(errors="replace").strip()[:300]))
            res.append(json.loads(out))
    return res


def sealed_part(spec, result):
    where = spec.get("result", "stdout")
    return result.stdout if where == "stdout" else result.files.get(where)


# ---------------------------------------------------------------- comparing
def short(b, n=160):
    s = b.decode("utf-8", "replace") if isinstance(b, bytes) else str(b)
    s = s.replace("\n", "\\n")
    return s if len(s) <= n else s[:n] + "..."


def check_listing(r, want_out, want_rc):
    last = want_out.decode("utf-8", "replace").rstrip("\n").splitlines()[-1]
    if want_rc != 0 and not last.startswith(" "):
        words = re.findall(r'"[^"]*"|--?[A-Za-z][-A-Za-z_]*', last)
        said = (r.stdout + r.stderr).decode("utf-8", "replace")
        missing = [w for w in words[:2] if w.strip('"').lstrip("-") not in said]
        return ["the refusal does not name %s" % ", ".join(missing)] if missing else []
    if want_rc == 0 and b"Usage" in want_out:
        flags = set(re.findall(rb"--[a-z][-a-z0-9]+", want_out)) - set(re.findall(rb"--[a-z0-9]*(?:log|stderr|vmodule|backtrace)[-a-z0-9]*", want_out))
        missing = sorted(f.decode() for f in flags if f not in r.stdout)
        return ["help does not name %s" % ", ".join(missing[:5])] if missing else []
    return []


def check_case(prog, case, oracle, timeout):
    """Returns (problems, message_matches, shape_matches or None)."""
    spec = load_json(os.path.join(case, "case.json"))
    bad, shape = [], None
    r = run_case(prog, case, timeout)
    want_rc = int(read(os.path.join(case, "exit_code")).strip())
    if r.rc != want_rc:
        bad.append("exit code %s, expected %s (stderr: %s)" % (r.rc, want_rc, short(r.stderr)))
    mode = spec["mode"]
    where = spec.get("result", "stdout")
    want_out = as_of_the_contract(read(os.path.join(case, "stdout")))
    if b"--recovery-private-key" in want_out and b"--controller-namespace" in want_out:
        # The reference prints its flag listing here. Its wording and layout are its own: a program under
        # test words its help itself. What must agree: the exit code, that help for the asking names every
        # flag on standard output, and that a refusal names what was refused on standard error or output.
        bad += check_listing(r, want_out, want_rc)
    elif mode == "exact" or where != "stdout":
        if mask_volatile(r.stdout) != mask_volatile(want_out):
            bad.append("stdout differs: got %s expected %s" % (short(r.stdout), short(want_out)))
    after = os.path.join(case, "files_after")
    wanted = {}
    for d, _, fs in os.walk(after):
        for f in fs:
            wanted[os.path.relpath(os.path.join(d, f), after)] = read(os.path.join(d, f))
    for name in sorted(set(wanted) | set(r.files)):
        if name not in r.files:
            bad.append("file %s was not written or not changed" % name)
        elif name not in wanted:
            bad.append("file %s was written or changed, and should not be" % name)
        elif not (mode != "exact" and name == where) and r.files[name] != wanted[name]:
            bad.append("file %s differs: got %s expected %s" % (name, short(r.files[name]), short(wanted[name])))
    if r.removed != spec.get("removed", []):
        bad.append("files removed: %s" % r.removed)
    if r.requests is not None:
        want = load_json(os.path.join(case, "requests.json"))
        if [prune(x) for x in r.requests] != [prune(x) for x in want]:
            bad.append("requests differ: got %s expected %s" % (short(json.dumps(r.requests)), short(json.dumps(want))))
    if mode in ("sealed", "raw") and not bad:
        data = sealed_part(spec, r)
        ref = want_out if where == "stdout" else wanted[where]
        shape = mask_ciphertext(data) == mask_ciphertext(ref)
        want = [same_secret(x) for x in load_json(os.path.join(case, "unsealed.json"), [])]
        judges = [("itself", prog)]
        if oracle and os.path.realpath(oracle) != os.path.realpath(prog):
            judges.append(("the oracle", oracle))
        for label, p in judges:
            try:
                got = [same_secret(x) for x in unseal(p, case, spec, data, timeout)]
                if spec.get("unopenable"):
                    bad.append("%s could unseal what should not open" % label)
                elif got != want:
                    bad.append("unsealed by %s: got %s expected %s" % (label, short(json.dumps(got)), short(json.dumps(want))))
            except (RuntimeError, ValueError, OSError) as e:
                if not (spec.get("unopenable") and isinstance(e, RuntimeError)):
                    bad.append("unsealing by %s: %s" % (label, short(str(e), 300)))
    msg = mask_volatile(r.stderr) == mask_volatile(read(os.path.join(case, "stderr")))
    return bad, msg, shape, r


def find_cases(dirs):
    found = []
    for top in dirs:
        for d, ds, fs in os.walk(top):
            ds.sort()
            if "case.json" in fs:
                found.append(d)
                ds[:] = []
    return found


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--bin", required=True, help="the program to try")
    ap.add_argument("--strict-stderr", action="store_true", help="a different error text fails the case")
    ap.add_argument("--strict-shape", action="store_true", help="a different layout of sealed output fails the case")
    ap.add_argument("--no-oracle", action="store_true", help="do not ask a second program to unseal")
    ap.add_argument("--show-stderr", action="store_true", help="print each error text that differs")
    ap.add_argument("--only", default="", help="only cases whose path holds this text")
    ap.add_argument("--jobs", type=int, default=min(4, os.cpu_count() or 1))
    ap.add_argument("--timeout", type=float, default=60)
    ap.add_argument("dirs", nargs="+")
    o = ap.parse_args()
    oracle = os.environ.get("ORACLE")
    if o.no_oracle:
        oracle = None
    prog = shutil.which(o.bin) or o.bin
    if not os.access(prog, os.X_OK):
        ap.error("cannot execute %s" % o.bin)
    cases = [c for c in find_cases(o.dirs) if o.only in c]
    if not cases:
        ap.error("no cases found")
    passed = failed = msgs = shapes = shaped = 0
    with concurrent.futures.ThreadPoolExecutor(o.jobs) as ex:
        for case, res in zip(cases, ex.map(lambda c: _guard(prog, c, oracle, o.timeout), cases)):
            bad, msg, shape, r = res
            msgs += msg
            if shape is not None:
                shaped += 1
                shapes += shape
            if not msg and o.show_stderr:
                print("stderr %s: got %s expected %s" % (case, short(r.stderr if r else b"", 600),
                                                         short(read(os.path.join(case, "stderr")), 600)))
            if not msg and o.strict_stderr:
                bad.append("stderr differs: got %s expected %s" % (short(r.stderr if r else b"", 400),
                                                                   short(read(os.path.join(case, "stderr")), 400)))
            if shape is False and o.strict_shape:
                bad.append("layout of the sealed output differs")
            if bad:
                failed += 1
                print("FAIL %s: %s" % (case, "; ".join(bad)))
            else:
                passed += 1
    print("message match %d of %d, shape match %d of %d" % (msgs, len(cases), shapes, shaped))
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed else 0


def _guard(prog, case, oracle, timeout):
    try:
        return check_case(prog, case, oracle, timeout)
    except Exception as e:  # a broken case must not stop the run
        return ["runner error: %s: %s" % (type(e).__name__, e)], False, None, None


if __name__ == "__main__":
    sys.exit(main())
