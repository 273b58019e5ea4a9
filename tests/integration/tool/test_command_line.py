"""Help on every level, and that manual and completion say what it says."""
import os
import re
import shutil
import subprocess

from factory import (Factory, Skip, TOOL, equal, failed, story, tell, within)

_factory = Factory(token=False)


def run(*args):
    with _factory as f:
        return f.run(*args)


def verbs():
    """{verb: [option names]} as --help says."""
    ran = run("--help")
    equal(ran.code, 0, ran)
    names = [m[1].strip() for m in
             re.finditer(r"^  ((?:[a-z]+ )+) +[a-z]", ran.out, re.M)]
    assert len(names) >= 10, ran
    return {name: help_options(name) for name in names}


def help_options(verb):
    ran = run(*verb.split(), "--help")
    equal((ran.code, ran.err), (0, ""), ran)
    return re.findall(r"^  (?:-[a-z], |    )--([a-z-]+)", ran.out, re.M)


def letters(verb):
    out = run(*verb.split(), "--help").out
    return re.findall(r"^  -([a-z]), --", out, re.M)


@story
def every_help():
    """--help works on every level and fits 80 columns."""
    groups = {v.split()[0] for v in verbs() if " " in v}
    equal(groups, {"policy", "image", "order", "pki", "psk", "hsm",
                       "audit"})
    for level in [[]] + [[g] for g in groups] + [v.split() for v in verbs()]:
        ran = run(*level, "--help")
        equal((ran.code, ran.err), (0, ""), ran)
        assert ran.out.startswith("usage: provisioning-tool"), ran
        within(" ".join(level), ran.out)
        for line in ran.out.splitlines():
            assert len(line) <= 80, line
            assert line == line.rstrip(), repr(line)
        # --help asks for nothing else and wins over what comes behind
        if len(level) > 1:
            equal(run(*level, "--help", "--nonsense").out, ran.out)


@story
def version():
    """--version is one line."""
    ran = run("--version")
    equal(ran.code, 0)
    assert re.fullmatch(r"provisioning-tool \d+\.\d+\.\d+\n", ran.out), ran


@story
def mistakes():
    """A mistake is exit 64, and names the nearest verb or option."""
    for args, words in (
            (["imgae", "build"], ["did you mean image?"]),
            (["image", "biuld"], ["image: ", "did you mean build?"]),
            (["hsm", "keys", "mkae"], ["did you mean make?"]),
            (["image"], ["the verb is missing"]),
            (["image", "--verbose"], ["the verb is missing"]),
            (["--verison"], ["--verison"]),
            (["zzz"], ["zzz", "--help"]),
            (["policy", "check"], ["PATH... is missing"]),
            (["policy", "check", ""], ["empty"]),
            (["policy", "check", "--fromat", "json", "x"],
             ["did you mean --format?"]),
            (["policy", "check", "--form", "json", "x"], ["no option"]),
            (["policy", "check", "--format"], ["--format needs FORMAT"]),
            (["policy", "check", "--format", "xml", "x"],
             ["text, json", '"xml"']),
            (["policy", "check", "--format=text", "--format=json", "x"],
             ["given twice"]),
            (["policy", "check", "-z", "x"], ['"-z"']),
            (["policy", "explain", "a", "b", "--endpoint", "e"], ['"b"']),
            (["policy", "explain", "a", "--endpoint="], ["empty"]),
            (["image", "build", "--force=yes"], ["takes no value"]),
            (["image", "build", "--epoch", "0"], ["1 to 4294967295"]),
            (["image", "build", "--epoch", "4294967296"], ["1 to"]),
            (["image", "build", "--epoch", "+1"], ["1 to"]),
            (["image", "build", "--epoch", "01"], ["1 to"]),
            (["image", "build", "--instance", "65535"], ["0 to 65534"]),
            (["image", "build", "--hold-off", "10"], ["0s to 31536000s"]),
            (["image", "build", "--hold-off", "366d"], ["0s to"]),
            (["image", "build", "--hold-off", "-1s"], ["0s to"]),
            (["pki", "ceremony"], ["FILE is missing"]),
            (["pki", "ceremony", "x", "--from", "0"], ["1 to"]),
            (["pki", "crl", "--issuer", "x", "--validity", "1s"], ["60s to"]),
            (["pki", "revoke", "--reason", "boredom"], ["keyCompromise"]),
            (["pki", "revoke", "--reason", "superseded"],
             ["--endpoint, --certificate, --fingerprint and --serial"]),
            (["pki", "revoke", "--reason", "superseded", "--serial", "1",
              "--fingerprint", "2"], ["one of"]),
            (["audit", "list", "--since", "0"], ["1 to"]),
            (["audit", "list", "extra"], ["audit list: ", '"extra"']),
            (["completion", "csh"], ["csh", "bash, zsh or fish"])):
        ran = run(*args)
        failed(ran, 64, *words)
        equal(len(ran.err.splitlines()), 1, ran)
        equal(ran.out, "", args)
    equal(run().code, 64)
    within("usage:", run().err)


@story
def hostile_words():
    """What was typed or pasted comes back quoted."""
    for args in (["\x1b[2J"], ["image", "\x1b[2J"],
                 ["image", "build", "--\x1b[2J"], ["policy", "check", "\x1b["],
                 ["policy", "check", "-\x1b"], ["image", "x" * 100000]):
        ran = run(*args)
        assert "\x1b" not in ran.err + ran.out, ran
        assert len(ran.err) < 4096, len(ran.err)


@story
def operands_that_look_like_options():
    """Behind -- everything is an operand."""
    with _factory as f:
        f.write("--policies.yaml", "identity: a\npsk: {derive: b}\n")
        equal(f.run("policy", "check", "--", "--policies.yaml").code, 0)


def man_sections():
    """{subsection: (option names, text)} of the manual's source."""
    with open(os.environ["MANPAGE"], encoding="utf-8") as page:
        parts = re.split(r"^\.S[sh] (.*)$", page.read(), flags=re.M)
    return {name: (re.findall(r"^\.It (?:Fl [a-z] , )?Fl -([a-z-]+)", text,
                              re.M), text)
            for name, text in zip(parts[1::2], parts[2::2])}


@story
def manual():
    """The manual has every verb, and each verb's options in their order."""
    sections = man_sections()
    for verb, options in verbs().items():
        own, text = sections[verb]
        shared = []
        for name in ("Format options", "Work order options", "Token options",
                     "Configuration options"):
            if f".Sx {name}" in text:
                shared += sections[name][0]
        equal(own + shared, options, verb)
        within(f".Cm {verb}\n", sections["SYNOPSIS"][1])
    groups = {v.split()[0] for v in verbs()}
    described = {name for name in sections if name.split()[0] in groups}
    equal(described, set(verbs()), "nothing more than there is")


@story
def manual_is_well_formed():
    """mandoc has nothing to say about the manual."""
    if not shutil.which("mandoc"):
        raise Skip("no mandoc (Debian: mandoc)")
    done = subprocess.run(
        ["mandoc", "-T", "lint", "-W", "warning", os.environ["MANPAGE"]],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    equal(done.stdout.decode(), "")


FORMATS = ["esp-nvs", "ihex", "json", "lwm2m-cbor", "nrf91-at", "raw",
           "senml-cbor", "tlv-smartcard", "uf2", "zephyr-nvs"]


def all_formats():
    return run("image", "formats", "--format", "json").out


@story
def formats():
    """image formats lists what --format takes."""
    names = re.findall(r'"name":"([a-z0-9-]+)"', all_formats())
    equal(names, FORMATS)
    for name in names:
        within(f"\n{name} ", "\n" + run("image", "formats").out)
        within(f".It Cm {name}\n", man_sections()["FORMATS"][1])


class Shell:
    """What a shell offers behind a line that has been typed so far."""

    def __init__(self, name):
        self.name = name
        if not shutil.which(name):
            raise Skip(f"no {name}")
        ran = run("completion", name)
        equal(ran.code, 0, ran)
        self.script = ran.out

    def _run(self, *args):
        with _factory as f:
            path = f.write("script", self.script)
            done = subprocess.run(
                [*args], cwd=f.dir, env={**f.env, "SCRIPT": path, "HOME":
                                         f.dir, "PATH": os.path.dirname(TOOL)
                                         + ":" + f.env["PATH"]},
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=subprocess.PIPE, timeout=60, check=False)
            equal(done.stderr, b"", args)
            return done.stdout.decode().splitlines()


class Bash(Shell):
    def __init__(self):
        super().__init__("bash")

    def offers(self, *words):
        return self._run(
            "bash", "--norc", "-c", '. "$SCRIPT"; COMP_WORDS=("$@"); '
            'COMP_CWORD=$(($# - 1)); _provisioning_tool; '
            'printf "%s\\n" "${COMPREPLY[@]}"', "bash",
            "provisioning-tool", *words)


class Fish(Shell):
    def __init__(self):
        super().__init__("fish")

    def offers(self, *words):
        line = " ".join(("provisioning-tool", *words))
        return [l.split("\t")[0] for l in self._run(
            "fish", "--no-config", "-c",
            'source $SCRIPT; complete -C "$argv[1]"', line)]


class Zsh(Shell):
    """Our function with zsh's two builders of menus listening."""

    def __init__(self):
        super().__init__("zsh")

    def offers(self, *words):
        said = self._run(
            "zsh", "-f", "-c", """
            compdef() { : }
            _describe() { print -rl -- "${(@)${(P)4}%%:*}" }
            _arguments() {
                local -a specs=("$@")
                local spec
                for spec in $specs; do
                    spec=${spec#\\(*\\)}
                    print -r -- "${${spec%%\\[*}#=}"
                done
            }
            source "$SCRIPT"
            words=("$@")
            CURRENT=$#
            _provisioning_tool
            """, "zsh", "provisioning-tool", *words)
        return said


def completes(shell):
    all_verbs = verbs()
    groups = {v.split()[0] for v in all_verbs}
    equal(set(shell.offers("")) - {"--help", "--version"}, groups)
    for group in groups - {v for v in all_verbs if " " not in v}:
        equal(set(shell.offers(group, "")),
              {v.split()[1] for v in all_verbs if v.split()[0] == group},
              group)
    for verb, options in all_verbs.items():
        offered = {o for o in shell.offers(*verb.split(), "--")
                   if o.startswith("--")}
        equal(offered, {f"--{o}" for o in [*options, "help"]}, verb)


@story
def in_bash():
    """bash completes verbs, options and values."""
    bash = Bash()
    completes(bash)
    for verb in verbs():
        for letter in letters(verb):
            within(f"-{letter}", bash.offers(*verb.split(), "-"))
    equal(bash.offers("image", "build", "--format", ""),
          FORMATS)
    equal(bash.offers("image", "build", "--format", "s"), ["senml-cbor"])
    equal(bash.offers("image", "build", "--po"), ["--policies"])
    equal(bash.offers("image", "build", "--policies", "pol"),
          ["policies.yaml"])
    equal(bash.offers("policy", "check", "pol"), ["policies.yaml"])
    equal(bash.offers("pki", "ceremony", "pol"), ["policies.yaml"])
    equal(bash.offers("pki", "revoke", "--reason", "key"), ["keyCompromise"])
    equal(bash.offers("completion", ""), ["bash", "zsh", "fish"])
    equal(bash.offers("hsm", "keys", "m"), ["make"])


@story
def in_fish():
    """fish completes verbs, options and values."""
    fish = Fish()
    completes(fish)
    equal(fish.offers("image", "build", "--format", '""')[:0], [])
    equal(sorted(fish.offers("image", "build", "--format=")),
          [f"--format={name}" for name in FORMATS])
    within("policies.yaml", fish.offers("policy", "check", "pol"))
    equal(fish.offers("hsm", "keys", "m"), ["make"])


@story
def in_zsh():
    """zsh completes verbs and options."""
    completes(Zsh())


if __name__ == "__main__":
    tell()
