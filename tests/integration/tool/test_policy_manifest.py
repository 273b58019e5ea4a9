"""What a set is made of, in words that coreutils know."""
import hashlib
import os
import subprocess

from factory import Factory, absent, equal, story, tell, within


@story
def manifest():
    """The manifest is what sha256sum prints and checks, and its digest the set's."""
    with Factory(token=False) as f:
        folder = f.path("set")
        os.makedirs(os.path.join(folder, "lists"))
        for name, text in [
                ("b.yaml", "policy: p\nmatch: {endpoint: {list: lists/a b.csv}}\n"
                           "servers: []\n"),
                ("a.yaml", "identity: x\npsk: {derive: m}\n"),
                ("lists/a b.csv", "urn:x:1\n"),
                ("not-read.txt", "nothing\n")]:
            with open(os.path.join(folder, name), "w", encoding="ascii") as out:
                out.write(text)
        ran = f.run("policy", "manifest", folder)
        equal(ran.code, 0, ran)
        names = ["a.yaml", "b.yaml", "lists/a b.csv"]
        printed = subprocess.run(["sha256sum", *names], cwd=folder, check=True,
                                 capture_output=True, text=True).stdout
        equal(ran.out, printed)
        checked = subprocess.run(["sha256sum", "--strict", "-c"], cwd=folder,
                                 input=ran.out, text=True, check=False,
                                 capture_output=True)
        equal(checked.returncode, 0, checked)
        digest = hashlib.sha256(ran.out.encode()).hexdigest()
        within("set " + digest, f.run("policy", "check", folder).out)
        # into a file, which is not replaced unasked
        into = f.path("M")
        equal(f.run("policy", "manifest", folder, "-o", into).code, 0)
        equal(f.run("policy", "manifest", folder, "-o", into).code, 73)
        with open(into, encoding="ascii") as written:
            equal(written.read(), printed)
        # another byte is another set
        with open(os.path.join(folder, "lists/a b.csv"), "a",
                  encoding="ascii") as out:
            out.write("urn:x:2\n")
        equal(subprocess.run(["sha256sum", "--status", "-c", into], cwd=folder,
                             check=False).returncode, 1)
        absent(digest, f.run("policy", "check", folder).out)
        # what has errors has none
        with open(os.path.join(folder, "c.yaml"), "w", encoding="ascii") as out:
            out.write("colour: 1\n")
        ran = f.run("policy", "manifest", folder)
        equal((ran.code, ran.out), (65, ""), ran)


if __name__ == "__main__":
    tell()
