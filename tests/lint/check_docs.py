#!/usr/bin/env python3
"""Hold the manuals and the README to the code.

usage: check_docs.py ROOT

* every key that bootstrapd/config_keys.c knows is in bootstrapd.yaml(5), and every
  key there is known;
* every verb of bootstrapctl is in its manual and its --help, and none besides;
* the completions for bash, zsh and fish offer the verbs and options that
  --help of their program names, and none besides;
* every exit code that a manual names can happen, and every one that a program
  names in an enum of its own is in its manual;
* every reason of a bootstrap is in bootstrapd(8) with its sentence, every one of
  a push in bootstrapctl(8), and none besides;
* what the README names is there: files, and for its reading guide functions;
* no place is left to be filled in.

Findings are file: text on stdout; exit 1 if there are any.
"""

import os
import re
import sys
from pathlib import Path

CONFIG = "bootstrapd/config*.c"
KEYS = "bootstrapd/config_keys.c"
KEY_TABLE = "config_keys"
CONFIG_MANUAL = "bootstrapd/bootstrapd.yaml.5"
VERBS = "bootstrapd/bootstrapctl.c"
README = "README.md"
GUIDE = "## Following one bootstrap through the files"

# Each manual with an EXIT STATUS, and the files that end the program with a
# number of their own. The codes of enum rc can come out of any.
EXITS = {
    "bootstrapd/bootstrapd.8": [
        "bootstrapd/main.c", "bootstrapd/check.c", "bootstrapd/keeper.c",
        "bootstrapd/supervisor.c",
    ],
    "bootstrapd/bootstrapctl.8": [
        "bootstrapd/ctl.h", "bootstrapd/bootstrapctl.c",
        "bootstrapd/ctl_ask.c", "bootstrapd/ctl_ledger.c",
        "bootstrapd/ctl_output.c", "bootstrapd/check.c",
        "bootstrapd/control.c", "bootstrapd/control_push.c",
        "bootstrapd/ctl_push.h", "bootstrapd/ctl_push.c",
        "bootstrapd/ctl_push_pick.c", "bootstrapd/ctl_push_rows.c",
        "bootstrapd/ctl_push_talk.c",
    ],
}
RC = "lib/base/rc.c"

# Where reasons are, their manual, and its section.
REASONS = [
    ("lib/bootstrap/reason.c", "bootstrapd/bootstrapd.8", "REASONS"),
    ("bootstrapd/push_reason.c", "bootstrapd/bootstrapctl.8",
     "REASONS OF PUSHES"),
]


def items(manual):
    """The first words of a manual's `.It Cm NAME` lines."""
    return set(re.findall(r"^\.It Cm ([^\s:]+)", manual, re.M))


def section(manual, name):
    match = re.search(
        rf"^\.Sh {re.escape(name)}\n(.*?)(?=^\.Sh |\Z)", manual, re.M | re.S)
    return match[1] if match else ""


def functions(source):
    """(name, body) of each function: return type on a line of its own."""
    return re.findall(r"^(\w+)\([^;{]*?\)\n\{\n(.*?)^\}", source, re.M | re.S)


def key_tables(source):
    """(prefix, rows) of each table of keys, from that of the whole file down;
    a row is (key, whether it is a map)."""
    rows = {
        name: re.findall(r'\{"(\w+)",(.*?)\}(?=,\n    \{)', body, re.S)
        for name, body in re.findall(
            r"^static const struct yaml_key (\w+)\[\] = \{\n(.*?)^\};", source,
            re.M | re.S)
    }
    tables = dict(re.findall(
        r'^const struct yaml_keys (\w+) = \{"[^"]*", (\w+)\};', source, re.M))

    def walk(table, prefix):
        found = rows.get(tables.get(table, ""), [])
        yield prefix, [key for key, _ in found]
        for key, rest in found:
            below = re.search(r"\.maps = \{&(\w+)\}", rest)
            # each of a list of pairs has keys of the map around it
            if below and "TAKES_LIST" not in rest:
                yield from walk(below[1], f"{prefix}{key}.")

    yield from walk(KEY_TABLE, "")


def check_keys(read, root):
    source = read(KEYS)
    readers = "\n".join(
        file.read_text(encoding="utf-8") for file in sorted(root.glob(CONFIG))
        if file != root / KEYS)
    documented = items(section(read(CONFIG_MANUAL), "KEYS"))
    keys = set()
    for prefix, words in key_tables(source):
        keys |= {prefix + word for word in words}
        for word in words:
            # `metrics.listen`: of a section that later parts read
            if f'"{word}"' not in readers:
                yield KEYS, f"{prefix}{word} is known, but nobody reads it"
    if not keys:
        yield KEYS, "no key was found"
    for key in sorted(keys - documented):
        yield CONFIG_MANUAL, f"{key} is not described"
    for key in sorted(documented - keys):
        yield CONFIG_MANUAL, f"{key} is not known to {KEYS}"


def check_verbs(read):
    source, name = read(VERBS), VERBS.replace(".c", ".8")
    table = re.search(r"\bverbs\[\] = \{(.*?)\n\};", source, re.S)
    verbs = set(re.findall(
        r'^\s*\{"(\w+)", ', table[1] if table else "", re.M))
    documented = items(section(read(name), "DESCRIPTION"))
    usage = re.search(r"\busage\[\] =\n(.*?);\n", source, re.S)
    shown = set(re.findall(
        r'^\s*"  (\w+)\b', usage[1] if usage else "", re.M))
    if not verbs:
        yield VERBS, "no verb was found"
    for verb in sorted(verbs - documented):
        yield name, f"{verb} is not described"
    for verb in sorted(documented - verbs):
        yield name, f"there is no verb {verb}"
    for verb in sorted(verbs ^ shown):
        yield VERBS, f"{verb} is in one of the table and --help"


def literals(source):
    """What its string constants say, one after the other."""
    return "".join(re.findall(r'"((?:[^"\\\n]|\\.)*)"', source))


def offered_bash(text):
    """Words that are told apart, and words that are offered."""
    lists = re.findall(r"words\+?='([^']*)'", text)
    lists += re.findall(r"^\t[\t ]*(-[^*]*?)\)$", text, re.M)
    return {word for words in lists for word in words.split() if word != "|"}


def offered_zsh(text):
    options = re.findall(r"'?(--?\w+)(?=[\[,}])", text)
    verbs = re.findall(r"""^\t['"](\w+):(?!\w+:)""", text, re.M)
    return {*options, *verbs, *re.findall(r"\(\((\w+)\\:", text)}


def offered_fish(text):
    verbs = re.search(r"^set -l verbs (.*)$", text, re.M)
    return {
        *(verbs[1].split() if verbs else []),
        *("--" + word for word in re.findall(r" -l (\w+)", text) if
          word != "verbs"),
        *("-" + word for word in re.findall(r" -s (\w)", text)),
    }


def check_completion(read):
    for program, verbs in (
            ("bootstrapctl", re.findall(r'^\s*\{"(\w+)", ', read(VERBS), re.M)),
            ("bootstrapd", ["check"])):
        source = read(f"bootstrapd/{program}.c".replace("bootstrapd.c",
                                                        "main.c"))
        # its texts of help are its arrays of characters
        said = "".join(
            literals(text) for text in
            re.findall(r"^static const char \w+\[\] =\n(.*?);\n", source,
                       re.S | re.M))
        known = {*verbs, *re.findall(r"(?<![\w-])--?[a-z]+\b", said)}
        for name, offered in (
                (f"{program}.bash", offered_bash), (f"_{program}", offered_zsh),
                (f"{program}.fish", offered_fish)):
            name = f"bootstrapd/completion/{name}"
            found = offered(read(name))
            for word in sorted(known - found):
                yield name, f"{word} is not offered"
            for word in sorted(found - known):
                yield name, f"{word} is offered, but --help has none"


def exit_codes(source):
    """The numbers that a program names: EXIT_X = 78, `code = 78`, ..."""
    return {
        int(n) for n in re.findall(
            r"(?:\bEXIT_\w+ =|\bcode =|\breturn|[?:]) (\d+)\b", source)
    }


def check_exits(read):
    from_rc = {
        getattr(os, name) for name in re.findall(r"\bEX_[A-Z]+", read(RC))
    }
    for manual, sources in EXITS.items():
        text = section(read(manual), "EXIT STATUS")
        named = {int(n) for n in re.findall(r"^\.It (\d+)$", text, re.M)}
        own, declared = set(), set()
        for name in sources:
            source = read(name)
            own |= exit_codes(source)
            declared |= {
                int(n) for n in re.findall(r"\bEXIT_\w+ = (\d+)", source)
            }
        if not named:
            yield manual, "no exit code was found"
        for code in sorted(named - own - from_rc):
            yield manual, f"nothing exits with {code}"
        for code in sorted(declared - named):
            yield manual, f"exit code {code} is not described"


def check_reasons(read):
    for source, manual, name in REASONS:
        known = {
            code: literals(sentence) for code, sentence in re.findall(
                r'^    \[\w+\] = \{"([\w-]+)",((?:\s*"[^"\n]*")+),',
                read(source), re.M)
        }
        told = {
            code: " ".join(words.split()) for code, words in re.findall(
                r"^\.It Li (\S+).*\n((?:[^.].*\n)+)",
                section(read(manual), name), re.M)
        }
        if not known:
            yield source, "no reason was found"
        for code in sorted(known.keys() - told.keys()):
            yield manual, f"the reason {code} is not described"
        for code in sorted(told.keys() - known.keys()):
            yield manual, f"there is no reason {code}"
        for code in sorted(known.keys() & told.keys()):
            if known[code] != told[code]:
                yield manual, f"{code} has another sentence"


def paths(text):
    """(path, function or "") of `a/b.c` `f()`."""
    return re.findall(
        r"`(?:\./)?([\w.-]+(?:/[\w.-]+)+/?)`(?: `(\w+)\(\)`)?", text)


def check_readme(read, root):
    text = read(README)
    at = text.find(GUIDE)
    if at < 0:
        yield README, f"no section \"{GUIDE[3:]}\""
    elif not paths(text[at + len(GUIDE):].split("\n## ")[0]):
        yield README, "the reading guide names no file"
    for path, function in paths(text):
        if not (root / path).exists():
            yield README, f"{path} does not exist"
        elif function and not re.search(
                rf"^{function}\(", read(path), re.M):
            yield README, f"{path} has no {function}()"


def check_filled(read):
    for name in [README, CONFIG_MANUAL, *EXITS]:
        for word in re.findall(r"@[A-Z]{3,}@|\bTODO\b|\bFIXME\b", read(name)):
            yield name, f"{word} is not filled in"


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    root = Path(sys.argv[1])

    def read(name):
        return (root / name).read_text(encoding="utf-8")

    findings = [
        *check_keys(read, root), *check_verbs(read),
        *check_completion(read), *check_exits(read),
        *check_reasons(read),
        *check_readme(read, root), *check_filled(read),
    ]
    for name, text in findings:
        print(f"{name}: {text}")
    print(f"{len(findings)} findings", file=sys.stderr)
    sys.exit(1 if findings else 0)


if __name__ == "__main__":
    main()
