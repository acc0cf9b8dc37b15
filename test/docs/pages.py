#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Keeps the documentation true: looks at its links, and runs the commands that it shows.

usage: pages.py links ROOT          every relative link of every page leads somewhere, and every path of the
                                    repository that it names is there
       pages.py run ROOT [PAGE...]  runs the pages' commands in the cluster of $KUBECONFIG

What is run are fenced blocks of README.md and docs/*.md, in order, each page in an empty folder of
its own in which `manifests` and `docs` are the repository's:

    ```sh       a script; it must succeed
    ```console  commands after "$ ", each followed by what it prints. "..." stands for anything
                within a line, and alone on a line for any number of lines. Runs of blanks are equal.
                A command must fail when what it prints has a line that begins with "error" or
                "Error", and must succeed otherwise. `kubectl get`, `describe` and `wait` are
                repeated until they print what the page shows, for a minute.

A comment in front of a block changes that:

    <!-- not run: REASON -->   it is passed over, and the reason is printed
    <!-- file: NAME -->        the block, in whatever language, is written to the file NAME
    <!-- template: ITEMS -->   the block is a template (or the spec of a SealedSecret with one, in YAML); over these
                               items, a JSON object, it prints what the block behind it shows

A block of nothing but `make TARGET` is not run either: its targets must exist. CI runs them.
"""
import base64
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import time

import yaml

FENCE = re.compile(r"^```(\w*)\s*$")
MARK = re.compile(r"^<!-- (not run|file|template): (.+) -->$")
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
PATIENCE = 60  # seconds
READS = ("kubectl get ", "kubectl describe ", "kubectl wait ")


class Block:
    def __init__(self, page, line, language, mark, lines):
        self.page, self.line, self.language, self.mark, self.lines = page, line, language, mark, lines

    @property
    def text(self):
        return "\n".join(self.lines) + "\n"


def blocks_of(page):
    """The fenced blocks of a page, each with the mark in front of it: (kind, text) or None."""
    blocks, mark, inside = [], None, None
    for number, line in enumerate(page.read_text().split("\n"), 1):
        fence = FENCE.match(line)
        if inside:
            if line.rstrip() == "```":
                blocks.append(inside)
                inside = mark = None
            else:
                inside.lines.append(line)
        elif line.lstrip().startswith("```") and (not fence or fence[1] in ("bash", "shell")):
            sys.exit(f"{page}:{number}: this block would not be run: begin it with ```sh at the start of a line")
        elif fence:
            inside = Block(page, number, fence[1], mark, [])
        elif line.strip():
            found = MARK.match(line.strip())
            mark = (found[1], found[2]) if found else None
    if inside:
        sys.exit(f"{page}:{inside.line}: this block has no end")
    return blocks


def commands_of(block):
    """[(command, expected lines)] of a console block."""
    commands = []
    for line in block.lines:
        if line.startswith("$ "):
            commands.append([line[2:], []])
        elif commands and commands[-1][0].endswith("\\") and not commands[-1][1]:
            commands[-1][0] += "\n" + line
        elif commands:
            commands[-1][1].append(line)
        else:
            sys.exit(f"{block.page}:{block.line}: a console block begins with a command")
    return commands


def blanks(line):
    return re.sub(r"(?<=\S)\s+", " ", line.rstrip())


def matches(expected, printed):
    """Whether what was printed is what the page shows."""
    pattern = ""
    for line in expected:
        if line.strip() == "...":
            pattern += r"(?:.*\n)*?"
        else:
            pattern += ".*".join(re.escape(part) for part in blanks(line).split("...")) + "\n"
    text = "".join(blanks(line) + "\n" for line in printed.rstrip("\n").split("\n")) if printed.strip() else ""
    return re.fullmatch(pattern, text) is not None


class Run:
    def __init__(self, root):
        self.root, self.passed, self.failed, self.not_run = root, 0, 0, 0
        self.targets = set(re.findall(r"^([a-z0-9-]+):", (root / "Makefile").read_text(), re.M))

    def report(self, block, what, trouble=""):
        where = f"{block.page.relative_to(self.root)}:{block.line}"
        print(f"{'FAIL' if trouble else 'ok  '}  {where}  {what.splitlines()[0][:90]}", flush=True)
        if trouble:
            print("      " + trouble.rstrip("\n").replace("\n", "\n      "), flush=True)
            self.failed += 1
        else:
            self.passed += 1

    def shell(self, command, folder):
        done = subprocess.run(["bash", "-euo", "pipefail", "-c", command], cwd=folder, text=True, timeout=120,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        return done.returncode, done.stdout

    def console(self, block, command, expected, folder):
        fails = any(re.match(r"error|Error", line) for line in expected)
        deadline = time.monotonic() + PATIENCE
        while True:
            status, printed = self.shell(command, folder)
            if (status != 0) == fails and matches(expected, printed):
                return self.report(block, command)
            if not command.startswith(READS) or time.monotonic() > deadline:
                return self.report(block, command, f"exit status {status}, printed:\n{printed}expected:\n"
                                   + "\n".join(expected))
            time.sleep(0.3)

    def template(self, block, items, shown, folder):
        """Seals the items beside the template, and opens both as a person would try them."""
        spec = yaml.safe_load(block.text)["spec"]["template"] if block.language == "yaml" else {
            "data": {"url": "\n".join(block.lines)}}
        (item,) = spec["data"]
        (folder / "items.json").write_text(json.dumps({"metadata": {"name": "t", "namespace": "t"}, "stringData": items}))
        status, printed = self.shell("kubeseal -f items.json -w sealed.json", folder)
        if status == 0:
            sealed = json.loads((folder / "sealed.json").read_text())
            sealed["spec"]["template"] = spec
            (folder / "sealed.json").write_text(json.dumps(sealed))
            status, printed = self.shell(
                "kubectl get secret -n kube-system -l sealedsecrets.bitnami.com/sealed-secrets-key -o yaml > keys.yaml\n"
                "kubeseal --recovery-unseal --recovery-private-key keys.yaml -f sealed.json", folder)
        if status == 0:
            printed = base64.b64decode(json.loads(printed)["data"][item]).decode()
        good = printed.startswith(shown.text) if status else printed.rstrip("\n") == shown.text.rstrip("\n")
        self.report(block, block.lines[0], "" if good else f"printed:\n{printed}\nexpected:\n{shown.text}")

    def make(self, block, targets):
        missing = [target for target in targets if target not in self.targets]
        self.report(block, block.text.strip(), f"no such target: {', '.join(missing)}" if missing else "")

    def block(self, block, following, folder):
        kind, text = block.mark or (None, None)
        if kind == "template":
            self.template(block, json.loads(text), following, folder)
            return
        if kind == "file":
            (folder / text).parent.mkdir(parents=True, exist_ok=True)
            (folder / text).write_text(block.text)
            return
        if block.language not in ("sh", "console"):
            return
        if kind == "not run":
            print(f"skip  {block.page.relative_to(self.root)}:{block.line}  {text}", flush=True)
            self.not_run += 1
            return
        lines = [line.split("#")[0].strip() for line in block.lines]
        targets = [re.fullmatch(r"(?:[A-Z_]+=\S+ )*make ([a-z0-9-]+)(?: [A-Z_]+=\S+)*", line) for line in lines if line]
        if all(targets):
            self.make(block, [target[1] for target in targets])
        elif block.language == "console":
            for command, expected in commands_of(block):
                self.console(block, command, expected, folder)
        else:
            status, printed = self.shell(block.text, folder)
            self.report(block, block.text.strip(), printed + f"exit status {status}" if status else "")

    def page(self, page):
        # What the page before took away or changed is there again.
        subprocess.run(["kubectl", "apply", "-f", self.root / "manifests/controller.yaml"], check=True,
                       stdout=subprocess.DEVNULL)
        before = namespaces()
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            for shared in ("manifests", "docs"):
                (folder / shared).symlink_to(self.root / shared)
            blocks = blocks_of(page)
            for block, following in zip(blocks, [*blocks[1:], None]):
                self.block(block, following, folder)
        made = sorted(namespaces() - before)
        if made:
            subprocess.run(["kubectl", "delete", "namespace", *made, "--timeout=180s"], check=True,
                           stdout=subprocess.DEVNULL)


def namespaces():
    names = subprocess.run(["kubectl", "get", "namespaces", "-o", "name"], check=True, text=True,
                           stdout=subprocess.PIPE).stdout
    return {name.split("/")[1] for name in names.split()}


def prose(page):
    """The page's lines outside of fenced and indented code, with their numbers."""
    fenced = False
    for number, line in enumerate(page.read_text().split("\n"), 1):
        if line.startswith("```"):
            fenced = not fenced
        elif not fenced and not line.startswith("    "):
            yield number, line


def anchors(page):
    """The names by which a page's headings are linked to."""
    headings = [line.lstrip("#").strip().lower() for _, line in prose(page) if re.match(r"#+ ", line)]
    return {re.sub(r"[^\w\- ]", "", heading).replace(" ", "-") for heading in headings}


def missing_paths(root, page):
    """Paths of the repository that the page names, in prose or in commands, and that are not there. What is
    built is not looked for."""
    rooms = "|".join(sorted(folder.name for folder in root.iterdir()
                            if folder.is_dir() and not folder.name.startswith(("build", "."))))
    for number, line in enumerate(page.read_text().split("\n"), 1):
        for path in re.findall(rf"(?<![\w/.-])(?:{rooms})/[\w./-]+", line):
            path = path.rstrip(".,:")
            if not (root / path).exists() and not any(root.glob(path + ".[ch]pp")):
                yield f"{page}:{number}: {path}: there is no such file"


def dead_links(root):
    pages = sorted(root.glob("*.md"))
    for folder in ("docs", "manifests", "test"):
        pages += sorted((root / folder).rglob("*.md"))
    dead = []
    for page in pages:
        dead += missing_paths(root, page)
        for number, line in prose(page):
            for link in LINK.findall(re.sub(r"`[^`]*`", "", line)):
                if re.match(r"[a-z]+:", link):
                    continue
                path, _, anchor = link.partition("#")
                target = (page.parent / path).resolve() if path else page
                if not target.exists():
                    dead.append(f"{page}:{number}: {link}: there is no such file")
                elif anchor and target.suffix == ".md" and anchor not in anchors(target):
                    dead.append(f"{page}:{number}: {link}: {target.name} has no such heading")
    print("\n".join(dead + [f"{len(pages)} pages, {len(dead)} dead links and paths"]))
    return dead


def main():
    if len(sys.argv) < 3 or sys.argv[1] not in ("links", "run"):
        sys.exit(__doc__)
    root = pathlib.Path(sys.argv[2]).resolve()
    if sys.argv[1] == "links":
        sys.exit(1 if dead_links(root) else 0)
    run = Run(root)
    for page in [root / name for name in sys.argv[3:]] or [root / "README.md", *sorted(root.glob("docs/*.md"))]:
        run.page(page)
    print(f"{run.passed} passed, {run.failed} failed, {run.not_run} not run")
    sys.exit(1 if run.failed else 0)


if __name__ == "__main__":
    main()
