"""policy format: files as people leave them, and as they are then."""
import json
import os
import random
import shutil
import stat
import subprocess

from factory import Factory, Skip, absent, equal, failed, story, tell, within

UGLY = """\
# meters
policy:   'meters'   # ours
servers:
-  name:  eu-1
   # where
   uri: coaps://eu1.lwm2m.example
"""
NEAT = """\
# meters
policy: meters       # ours
servers:
  - name: eu-1
    # where
    uri: coaps://eu1.lwm2m.example
"""


def read(f, name):
    with open(f.path(name), encoding="utf-8") as file:
        return file.read()


@story
def in_place():
    """A folder in place, with mode and links as they were; then no more."""
    with Factory(token=False) as f:
        os.mkdir(f.path("d"))
        f.write("d/a.yaml", UGLY)
        f.write("d/b.yaml", NEAT)
        f.write("d/.hidden.yaml", UGLY)
        f.write("d/notes.txt", UGLY)
        f.write("real.yaml", UGLY)
        os.symlink("../real.yaml", f.path("d/link.yaml"))
        os.chmod(f.path("d/a.yaml"), 0o640)
        before = os.stat(f.path("d/b.yaml"))
        ran = f.run("policy", "format", "d")
        equal(ran.code, 0, ran)
        equal(ran.out, '"d/a.yaml": formatted\n"d/link.yaml": formatted\n')
        equal(read(f, "d/a.yaml"), NEAT)
        equal(read(f, "real.yaml"), NEAT)
        assert os.path.islink(f.path("d/link.yaml"))
        equal(stat.S_IMODE(os.stat(f.path("d/a.yaml")).st_mode), 0o640)
        # what needs nothing is not written again
        equal(os.stat(f.path("d/b.yaml")).st_ino, before.st_ino)
        equal(read(f, "d/.hidden.yaml"), UGLY)
        equal(read(f, "d/notes.txt"), UGLY)
        equal(sorted(os.listdir(f.path("d"))), [
            ".hidden.yaml", "a.yaml", "b.yaml", "link.yaml", "notes.txt"])
        ran = f.run("policy", "format", "d")
        equal((ran.code, ran.out), (0, ""), ran)


@story
def check_and_diff():
    """--check and --diff write nothing; the diff is one that patch takes."""
    with Factory(token=False) as f:
        f.write("a.yaml", UGLY)
        f.write("b.yaml", NEAT)
        ran = f.run("policy", "format", "--check", "a.yaml", "b.yaml")
        equal(ran.code, 65, ran)
        equal(ran.out, '"a.yaml": would be changed\n'
              "1 of 2 files would be changed\n")
        equal(f.run("policy", "format", "--check", "b.yaml").code, 0)
        ran = f.run("policy", "format", "--diff", "a.yaml", "b.yaml")
        equal(ran.code, 0, ran)
        within("-policy:   'meters'   # ours\n"
               "+policy: meters       # ours\n", ran.out)
        equal(read(f, "a.yaml"), UGLY)
        if not shutil.which("patch"):
            raise Skip("no patch(1)")
        subprocess.run(["patch", "-s", "a.yaml"], input=ran.out, text=True,
                       cwd=f.dir, check=True)
        equal(read(f, "a.yaml"), NEAT)


@story
def through_a_pipe():
    """From standard input to standard output."""
    with Factory(token=False) as f:
        ran = f.run("policy", "format", "-", stdin_text=UGLY)
        equal((ran.code, ran.out), (0, NEAT), ran)
        ran = f.run("policy", "format", "--check", "-", stdin_text=UGLY)
        equal(ran.code, 65, ran)


@story
def faults():
    """A file with a fault is refused at its line; the others are done."""
    with Factory(token=False) as f:
        f.write("a.yaml", "policy: p\n\tx: y\n")
        f.write("b.yaml", UGLY)
        ran = f.run("policy", "format", "a.yaml", "not-there.yaml", "b.yaml")
        equal(ran.code, 65, ran)
        within("a.yaml:2:1: error: a tab", ran.err)
        within("not-there.yaml", ran.err)
        equal(read(f, "a.yaml"), "policy: p\n\tx: y\n")
        equal(read(f, "b.yaml"), NEAT)
        ran = f.run("policy", "format", "-", stdin_text="a: &x 1\n")
        equal((ran.code, ran.out), (65, ""), ran)


@story
def read_only_folder():
    """Where no file can be made, none is lost."""
    with Factory(token=False) as f:
        if os.geteuid() == 0:
            raise Skip("root may write everywhere")
        os.mkdir(f.path("d"))
        f.write("d/a.yaml", UGLY)
        os.chmod(f.path("d"), 0o555)
        ran = f.run("policy", "format", "d")
        os.chmod(f.path("d"), 0o755)
        failed(ran, 73, "not changed")
        equal(read(f, "d/a.yaml"), UGLY)


# --- any tree -------------------------------------------------------------------

SCALARS = ("a", "b-c", '"q"', "'s s'", '"x: y"', '"a # b"', "12", '"12"',
           "true", '"true"', "~", "urn:x", '"\\u00e9\\n"', "'it''s'",
           "coaps://h", '"*"', "/0", "ünï", '"ü"', '"yes"', "[]", "{}")


class Tree:
    """A file as nobody would write it, with comments wherever one can be."""

    def __init__(self, seed):
        self.r = random.Random(seed)
        self.often = self.r.choice((0, 0.2, 0.5))
        self.lines = self.r.random() < 0.5
        text = self.own(0)
        for i in range(self.r.randrange(1, 3)):
            if i or self.r.random() < 0.3:
                text += "---" + self.behind() + "\n"
            text += self.block(3, 0) + self.own(0)
        self.text = text

    def own(self, indent):
        r, out = self.r, ""
        while r.random() < self.often:
            out += "\n" if r.random() < 0.3 else ""
            out += " " * r.choice((indent, indent, 0, indent + 2,
                                   max(0, indent - 2), indent + 7))
            out += f"# c{r.randrange(1000)}" + r.choice(
                ("", "  ", " x: y", ' - "')) + "\n"
        if r.random() < 0.15:
            out += "\n" * r.randrange(1, 4)
        return out

    def behind(self):
        r = self.r
        if r.random() >= self.often:
            return ""
        return " " * r.randrange(1, 9) + f"#e{r.randrange(1000)}"

    def space(self):
        r = self.r
        if not self.lines or r.random() < 0.7:
            return r.choice(("", " ", "  "))
        return "\n" + " " * 9 + r.choice(("", f"#f{r.randrange(99)}\n" +
                                          " " * 9))

    def flow(self, depth):
        r = self.r
        if depth == 0 or r.random() < 0.4:
            return r.choice(SCALARS)
        items = [self.flow(depth - 1) for _ in range(r.randrange(0, 4))]
        if r.random() < 0.5:
            return ("[" + self.space() + ("," + self.space() + " ").join(items)
                    + self.space() + "]")
        return ("{" + self.space() + ("," + self.space() + " ").join(
            f"k{i}: {item}" for i, item in enumerate(items)) +
            self.space() + "}")

    def text_lines(self, indent):
        r = self.r
        column = " " * (indent + r.choice((1, 2, 5)))
        return (" " + r.choice("|>") + r.choice(("", "-", "+")) +
                self.behind() + "\n" + column + "w\n" + "".join(
                    r.choice((column + "t  # no\n", column + "u\n", "\n",
                              column + "  v \n"))
                    for _ in range(r.randrange(0, 3))))

    def value(self, depth, indent, is_map):
        r, v = self.r, self.r.random()
        if depth > 0 and v < 0.45:
            if not is_map and r.random() < 0.6:
                n = r.randrange(1, 3)
                return " " * n + self.block(depth - 1, indent + 1 + n, True)
            return self.behind() + "\n" + self.block(
                depth - 1, indent + r.choice((1, 2, 4)))
        if v < 0.55:
            return self.text_lines(indent)
        if v < 0.62:
            return " " + r.choice(
                ("p\n%sq", '"p\n%sq\n\n%sr"', "'p\n%sq'")).replace(
                    "%s", " " * (indent + r.choice((1, 3)))) + \
                self.behind() + "\n"
        if v < 0.68:
            return self.behind() + "\n"
        if v < 0.75:
            return (self.behind() + "\n" + self.own(indent + 3) +
                    " " * (indent + 2) + self.flow(1) + self.behind() + "\n")
        return " " * r.randrange(1, 3) + self.flow(2) + self.behind() + "\n"

    def block(self, depth, indent, begun=False):
        r, out = self.r, ""
        is_map = r.random() < 0.6
        for i in range(r.randrange(1, 4)):
            if not begun or i:
                out += self.own(indent) + " " * indent
            out += r.choice(("k%d", '"k%d"', "'k k%d'")) % i + ":" \
                if is_map else "-"
            out += self.value(depth, indent, is_map)
        return out


@story
def any_tree():
    """Any tree with comments anywhere says the same, and is changed once."""
    with Factory(token=False) as f:
        os.mkdir(f.path("d"))
        before = {}
        for seed in range(500):
            before[f"{seed}.yaml"] = Tree(seed).text
            f.write(f"d/{seed}.yaml", before[f"{seed}.yaml"])
        ran = f.run("policy", "format", "d")
        equal((ran.code, ran.err), (0, ""), ran)
        after = {name: read(f, "d/" + name) for name in before}
        ran = f.run("policy", "format", "--check", "d")
        equal(ran.code, 0, ran)
        within("0 of 500 files", ran.out)
        for name, text in after.items():
            absent("\r", text)
            assert text.endswith("\n"), name
        try:
            import yaml
        except ImportError as why:
            raise Skip("no python3-yaml to compare with") from why
        for name, text in before.items():
            equal(json.dumps(list(yaml.safe_load_all(after[name]))),
                  json.dumps(list(yaml.safe_load_all(text))), name)


tell()
