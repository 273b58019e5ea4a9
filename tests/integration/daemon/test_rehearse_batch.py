"""Whole batches are rehearsed, and what goes wrong around them: signals, a
staging daemon that dies, a server that is away."""

import contextlib
import os
import pty
import shutil
import signal
import subprocess
import tarfile
from pathlib import Path

import faulty_images as faulty
from daemon_fixture import DOMAIN, program, wait_for
from rehearsing import HOST, Line
from tap_story import expect_equal, expect_in, story, tell


def many(line, count):
    base = line.model()
    return {f"{i:03}.json": base for i in range(count)}


@story("a folder, a container, every second one, five at random")
def batches():
    with Line() as line:
        folder = faulty.write(line.dir / "batch", many(line, 30))
        tar = line.dir / "batch.tar"
        with tarfile.open(tar, "w", format=tarfile.USTAR_FORMAT) as out:
            for path in sorted((folder / "images").iterdir()):
                out.add(path, f"images/{path.name}")
        for path in (folder, tar):
            found, err = line.staged(path)
            expect_equal(len(found), 30, "rehearsed")
            expect_in("30 images rehearsed: 30 ok", err, "the sum")
        found, _ = line.staged(folder, "--every", "2")
        expect_equal(sorted(found), [f"{i:03}.json" for i in range(0, 30, 2)],
                     "every second")
        for _ in range(2):
            found, _ = line.staged(tar, "--sample", "5", "--at-a-time", "1")
            expect_equal(len(found), 5, "drawn")
        # one of them is bad: the others are told all the same
        (folder / "images/007.json").write_bytes(b"\xff" * 100)
        out, err = line.rehearse(folder, "--staging", "--daemon",
                                 program("BOOTSTRAPD"), "-c", line.config,
                                 code=65)
        expect_in("007.json: error:", out, "the bad one")
        expect_in("30 images rehearsed: 29 ok, 1 would not boot", out,
                  "the sum")
        expect_equal(out.count("\n"), 3, "lines")


@story("what image batch has made boots: a folder of flash, a container of CBOR")
def minted():
    with Line() as line:
        for name, form, more in (("nvs", "esp-nvs", ()),
                                 ("cbor", "senml-cbor", ("--container",))):
            devices = line.dir / f"{name}.csv"
            devices.write_text("endpoint,serial\n" + "".join(
                f"{DOMAIN}-WM200-{name}-{i},{name}{i:03}\n"
                for i in range(25)))
            line.tool("image", "batch", *line.token_options(), "--policies",
                      line.dir / "policies.d", "--identity", "factory",
                      "--uri", HOST, "--format", form, "--ledger",
                      line.ledger, "-o", line.dir / name, *more, devices)
            found, err = line.staged(line.dir / name)
            expect_equal(len(found), 25, "rehearsed")
            expect_in("25 images rehearsed: 25 ok", err, "the sum")
            expect_equal({r["security"] for r in found.values()},
                         {"DTLS 1.2, TLS_PSK_WITH_AES_128_CCM_8"}, "suites")


def daemons_of(pid):
    """Processes below it, by their command."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, IndexError):
            text = stat.read_text()
            if int(text.rsplit(")", 1)[1].split()[1]) == pid:
                found.append(int(text.split()[0]))
    return found


def alive(pid):
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rsplit(
            ")", 1)[1].split()[0] != "Z"
    return False


@story("stopped in the midst of it: no daemon stays, and no folder after a signal")
def stopped():
    with Line() as line:
        folder = faulty.write(line.dir / "batch", many(line, 400))
        for sig in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
            process = line.start_rehearsal(
                folder, "--staging", "--daemon", program("BOOTSTRAPD"), "-c",
                line.config, "--format", "json", "--at-a-time", "2")
            process.stdout.readline()
            daemon, = daemons_of(process.pid)
            process.send_signal(sig)
            process.communicate(timeout=60)
            expect_equal(process.returncode, -sig, "how it ended")
            wait_for(lambda: not alive(daemon), "the daemon to end")
            if sig == signal.SIGKILL:
                for left in line.dir.glob("bootstrapd-rehearsal-*"):
                    expect_equal(left.stat().st_mode & 0o777, 0o700, "mode")
                    shutil.rmtree(left)
            line.nothing_left()


@story("a staging daemon that dies, or never lived, is said")
def daemon_gone():
    with Line() as line:
        folder = faulty.write(line.dir / "batch", many(line, 400))
        process = line.start_rehearsal(
            folder, "--staging", "--daemon", program("BOOTSTRAPD"), "-c",
            line.config, "--format", "json", "--at-a-time", "2")
        process.stdout.readline()
        daemon, = daemons_of(process.pid)
        os.kill(daemon, signal.SIGKILL)
        _, err = process.communicate(timeout=60)
        expect_equal(process.returncode, 69, f"exit code\n{err}")
        expect_in("the staging daemon has ended", err, "what is said")
        line.nothing_left()
        line.write_pin("wrong")
        _, err = line.rehearse(folder, "--staging", "--daemon",
                               program("BOOTSTRAPD"), "-c", line.config,
                               code=69)
        expect_in("staging daemon", err, "what is said")
        line.nothing_left()
        _, err = line.rehearse(folder, "--staging", "--daemon",
                               "/nonexistent", "-c", line.config, code=69)
        expect_in("/nonexistent", err, "what is said")


@story("a bar on a terminal, and none in a pipe")
def bar():
    with Line() as line:
        folder = faulty.write(line.dir / "batch", many(line, 400))
        ours, theirs = pty.openpty()
        process = subprocess.Popen(
            [program("TOOL"), "image", "rehearse", folder, "--against",
             "coaps://192.0.2.1:5684", "--wait", "3s", "--at-a-time", "30"],
            stdout=subprocess.PIPE, stderr=theirs, env=line.env)
        os.close(theirs)
        seen = b""
        with contextlib.suppress(OSError):
            while part := os.read(ours, 4096):
                seen += part
        process.communicate()
        os.close(ours)
        expect_in(b"rehearsing", seen, "the bar")
        expect_equal(process.returncode, 69, "nobody is there")


if __name__ == "__main__":
    tell()
