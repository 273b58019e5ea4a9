#!/usr/bin/env python3
"""Hold every #include of the programs and of lib/ to the layers.

usage: layers.py ROOT

What may include what stands below, once, as data. A header that is in none of
the tables is a finding: whoever brings it in says where it belongs.
Findings are file:line: text on stdout; exit 1 if there are any.
"""

import re
import sys
from pathlib import Path

# The modules of lib/ that each directory may include, beside itself.
LAYERS = {
    "lib/base": [],
    "lib/coap": ["base"],
    "lib/lwm2m": ["base"],
    "lib/dtls": ["base"],
    "lib/hsm": ["base"],
    "lib/ledger": ["base"],
    "lib/policy": ["base", "lwm2m"],
    "lib/bootstrap": ["base", "coap", "lwm2m"],
    "lib/cost": [
        "base", "coap", "lwm2m", "dtls", "hsm", "policy", "bootstrap",
    ],
    "lib/device": ["base", "coap", "lwm2m", "dtls"],
    "lib/issue": [
        "base", "lwm2m", "hsm", "ledger", "policy", "bootstrap",
    ],
    "bootstrapd": [
        "base", "coap", "lwm2m", "dtls", "hsm", "ledger", "policy",
        "bootstrap", "issue",
    ],
    "provisioning-tool": [
        "base", "coap", "lwm2m", "dtls", "hsm", "ledger", "policy",
        "bootstrap", "cost", "device", "issue",
    ],
}

# Headers of another directory that are included all the same, by name.
EXCEPTIONS = {
    # the tool takes token, ledger and policies from the daemon's configuration,
    # and its probe listens at the daemon's sockets
    "provisioning-tool": [
        "../bootstrapd/config.h", "../bootstrapd/tcp.h",
        "../bootstrapd/udp.h",
    ],
}

# Headers of lib/ that are no business of a module which may include the rest
# of theirs: codecs neither log nor look at a clock, and nor do sessions.
WITHHELD = {
    "base/loop.h": [
        "lib/coap", "lib/lwm2m", "lib/dtls", "lib/bootstrap", "lib/cost",
        "lib/device",
    ],
    "base/event.h": [
        "lib/coap", "lib/lwm2m", "lib/dtls", "lib/bootstrap", "lib/cost",
        "lib/device",
    ],
}

# Libraries and parts of the system that only some may know. A name that ends
# in "/" stands for the whole folder.
ONLY_IN = {
    "nettle/": ["lib/base"],
    "wolfssl/": ["lib/dtls"],
    "libp11.h": ["lib/hsm"],
    "openssl/": ["lib/hsm"],
    "p11-kit/": ["lib/hsm"],
    "dlfcn.h": ["lib/hsm"],
    "sqlite3.h": ["lib/ledger"],
    "yaml.h": ["lib/policy"],
    "qrencode.h": ["provisioning-tool"],
    "png.h": ["provisioning-tool"],
    "setjmp.h": ["provisioning-tool"],
    "seccomp.h": ["bootstrapd"],
    "curl/": ["bootstrapd"],
    "sanitizer/": ["bootstrapd"],
    "linux/": ["bootstrapd"],
    # sockets, descriptors and processes; in base the loop, the log and secrets
    "sys/socket.h": ["lib/base", "bootstrapd", "provisioning-tool"],
    "netdb.h": ["provisioning-tool"],
    "sys/un.h": ["bootstrapd"],
    "sys/epoll.h": ["lib/base", "bootstrapd", "provisioning-tool"],
    "poll.h": ["lib/base", "bootstrapd", "provisioning-tool"],
    "sys/mman.h": ["lib/base", "bootstrapd"],
    "sys/prctl.h": ["lib/base", "bootstrapd", "provisioning-tool"],
    "sys/random.h": ["lib/base"],
    "sys/resource.h": ["lib/base", "bootstrapd", "provisioning-tool"],
    "sys/signalfd.h": ["bootstrapd", "provisioning-tool"],
    "sys/eventfd.h": ["bootstrapd"],
    "sys/syscall.h": ["bootstrapd"],
    "sys/wait.h": ["bootstrapd", "provisioning-tool"],
    "grp.h": ["bootstrapd"],
    "pwd.h": ["bootstrapd"],
    "sched.h": ["bootstrapd"],
    "signal.h": ["bootstrapd", "provisioning-tool"],
    "sys/ioctl.h": ["bootstrapd", "provisioning-tool"],
    "termios.h": ["provisioning-tool"],
    "libgen.h": ["provisioning-tool"],
    "getopt.h": ["bootstrapd", "provisioning-tool"],
    # addresses as values
    "arpa/inet.h": ["lib/base", "lib/device"],
    "netinet/in.h": ["lib/base", "lib/dtls", "bootstrapd"],
    "netinet/tcp.h": ["bootstrapd"],
    "sys/queue.h": ["lib/dtls", "bootstrapd"],
    "pthread.h": [
        "lib/base", "lib/dtls", "lib/hsm", "bootstrapd", "provisioning-tool",
    ],
    # clocks: protocol code is given the time
    "time.h": [
        "lib/base", "lib/hsm", "lib/ledger", "bootstrapd", "provisioning-tool",
    ],
    "sys/time.h": ["bootstrapd", "provisioning-tool"],
    # files
    "fcntl.h": [
        "lib/hsm", "lib/ledger", "lib/policy", "bootstrapd",
        "provisioning-tool",
    ],
    "sys/stat.h": [
        "lib/base", "lib/hsm", "lib/ledger", "lib/policy", "bootstrapd",
        "provisioning-tool",
    ],
    "sys/file.h": ["lib/ledger", "bootstrapd", "provisioning-tool"],
    "dirent.h": ["lib/policy", "bootstrapd", "provisioning-tool"],
    "ftw.h": ["provisioning-tool"],
    "unistd.h": [
        "lib/base", "lib/hsm", "lib/ledger", "lib/policy", "bootstrapd",
        "provisioning-tool",
    ],
    # the encoders of lib/lwm2m never allocate
    "stdlib.h": [
        "lib/base", "lib/coap", "lib/dtls", "lib/hsm", "lib/ledger",
        "lib/policy", "lib/bootstrap", "lib/cost", "lib/device", "lib/issue",
        "bootstrapd", "provisioning-tool",
    ],
}

# What says nothing about the layer it is used in.
EVERYWHERE = """
assert.h ctype.h errno.h float.h inttypes.h limits.h math.h stdalign.h stdarg.h
stdatomic.h stdbool.h stddef.h stdint.h stdio.h string.h strings.h sys/types.h
sys/uio.h sysexits.h
""".split()

# Made by the build.
GENERATED = ["build_config.h", "dtls/features.h", "ledger/ledger_sql.h",
             "policy/profiles_yaml.h"]

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def is_private(name):
    """internal.h, hsm_internal.h: of the one directory they lie in."""
    return Path(name).stem.split("_")[-1] == "internal"


def check_system(where, name):
    if name in EVERYWHERE:
        return None
    for prefix, users in ONLY_IN.items():
        if name == prefix or prefix.endswith("/") and name.startswith(prefix):
            if where in users:
                return None
            return f"<{name}> belongs to {', '.join(users)} alone"
    return f"<{name}> is in no table of layers.py: say who may include it"


def check_lib(root, where, name):
    module = name.split("/")[0]
    if not (root / "lib" / name).is_file() and name not in GENERATED:
        return f'"{name}" does not exist under lib/'
    if where == f"lib/{module}":
        return None
    if module not in LAYERS[where]:
        return f"{where} does not know lib/{module}"
    if is_private(name):
        return f'"{name}" is private to lib/{module}'
    if where in WITHHELD.get(name, []):
        return f'"{name}" is not for {where}'
    return None


def check_quoted(root, where, file, name):
    if name in EXCEPTIONS.get(where, []) or name in GENERATED:
        return None
    if name.startswith("."):
        return f'"{name}": written from lib/ or from the same directory'
    if "/" in name:
        return check_lib(root, where, name)
    if where.startswith("lib/"):
        return f'"{name}": written "{where[4:]}/{name}"'
    if not (file.parent / name).is_file():
        return f'"{name}" does not exist beside {file.name}'
    return None


def directory_of(root, file):
    parts = file.relative_to(root).parts
    return "/".join(parts[:2]) if parts[0] == "lib" else parts[0]


def check_file(root, file):
    where = directory_of(root, file)
    if where not in LAYERS:
        yield 1, f"{where} is in no layer: add it to LAYERS in layers.py"
        return
    text = file.read_text(encoding="utf-8")
    for number, line in enumerate(text.splitlines(), 1):
        match = INCLUDE.match(line)
        if not match:
            if re.match(r"\s*#\s*include\b", line):
                yield number, "an #include that cannot be read"
            continue
        quote, name = match.groups()
        if quote == "<":
            fault = check_system(where, name)
        else:
            fault = check_quoted(root, where, file, name)
        if fault:
            yield number, fault


def sources(root):
    for top in ("lib", "bootstrapd", "provisioning-tool"):
        for file in sorted((root / top).rglob("*")):
            if file.suffix in (".c", ".h") or file.name.endswith(".h.in"):
                yield file


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    root = Path(sys.argv[1])
    files = list(sources(root))
    findings = [
        f"{file.relative_to(root)}:{line}: {text}"
        for file in files
        for line, text in check_file(root, file)
    ]
    if not files:
        findings.append(f"{root}: nothing to read there")
    for finding in findings:
        print(finding)
    print(f"{len(files)} files, {len(findings)} findings", file=sys.stderr)
    sys.exit(1 if findings else 0)


if __name__ == "__main__":
    main()
