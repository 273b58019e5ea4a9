"""hsm keys, hsm doctor and hsm speed on the token that with_token.py has made."""
import json
import os

from factory import Factory, absent, equal, failed, story, tell, within

KIND = os.environ["TOKEN_KIND"]
MADE = os.environ["TOKEN_MASTERS"].split()
TOKEN = ["--module", os.environ["TOKEN_MODULE"], "--token",
         os.environ["TOKEN_URI"], "--pin-file", os.environ["TOKEN_PIN_FILE"]]
if "TOKEN_INIT_ARGS" in os.environ:
    TOKEN += ["--init-args", os.environ["TOKEN_INIT_ARGS"]]

_factory = Factory(token=False)


def run(*args):
    with _factory as f:
        return f.run(*args)


def rows(ran):
    return [json.loads(line) for line in ran.out.splitlines()]


def verdicts(ran, check):
    return {r["subject"]: r["verdict"] for r in rows(ran)
            if r["check"] == check}


@story
def empty():
    """A token without a master is odd, and not at fault."""
    if MADE:
        return
    ran = run("hsm", "doctor", *TOKEN)
    equal(ran.code, 0, ran)
    within("no master key in the token", ran.out)
    within("hsm keys make", ran.out)
    ran = run("hsm", "speed", *TOKEN, "--format", "json")
    equal(ran.code, 0, ran)
    equal({r["operation"] for r in rows(ran)}, {"random"})
    within("hmac is not measured", ran.err)


@story
def masters():
    """Masters are made in the token, or it is said what makes them."""
    ran = run("hsm", "keys", "make", *TOKEN, "fleet-2026" if not MADE
              else "fleet-2027")
    if MADE:
        failed(ran, 69, "C_GenerateKey", "tpm2_ptool addkey")
    else:
        equal(ran.code, 0, ran)
    keys = {k["label"]: k for k in rows(
        run("hsm", "keys", *TOKEN, "--format", "json"))}
    key = keys["fleet-2026"]
    assert key["sensitive"] and not key["extractable"], key
    absent("fleet-2027", str(list(keys)))


@story
def doctor():
    """The doctor says what this make of token is good for."""
    ran = run("hsm", "doctor", *TOKEN, "--format", "json")
    # NSS lets keys out, and the TPM has an imported one
    equal(ran.code, 0 if KIND == "softhsm" else 65, ran)
    equal(verdicts(ran, "token"), {"": "ok"})
    equal(verdicts(ran, "mechanism")["CKM_SHA256_HMAC"], "ok")
    equal(verdicts(ran, "read")["fleet-2026"], "ok")
    for way in ("copy", "wrap"):
        equal(verdicts(ran, way)["fleet-2026"],
              "FAIL" if KIND == "nss" else "ok", ran)
    equal(list(verdicts(ran, "answer").values()), ["ok"])
    if KIND == "tpm":
        equal([s for s, v in verdicts(ran, "attributes").items()
               if v == "FAIL"], ["vectors"])
    for r in rows(ran):
        assert (r["verdict"] == "ok") == (r["remedy"] == ""), r
        if r["check"] == "latency":
            assert 0 <= r["min_us"] <= r["median_us"] <= r["max_us"], r
    equal({"hmac", "random"}, set(verdicts(ran, "latency")))


@story
def doctor_in_words():
    """In words: a line a check, what to do below it, the sum at the end."""
    ran = run("hsm", "doctor", *TOKEN)
    lines = ran.out.splitlines()
    counted = [sum(line.startswith(word) for line in lines)
               for word in ("ok ", "WARN ", "FAIL ")]
    within(f"{counted[0]} ok, {counted[1]} warning", lines[-1])
    within(f", {counted[2]} failure", lines[-1])
    for line, after in zip(lines, lines[1:]):
        equal(line.startswith(("WARN", "FAIL")), after.lstrip().startswith(
            "-> "), line)
    with open(os.environ["TOKEN_PIN_FILE"], encoding="utf-8") as f:
        absent(f.read().strip(), ran.out + ran.err)


@story
def speed():
    """Speed is measured with one, two and four threads."""
    ran = run("hsm", "speed", *TOKEN, "--format", "json", "--master",
              "fleet-2026")
    equal(ran.code, 0, ran)
    equal([(r["operation"], r["threads"]) for r in rows(ran)],
          [(o, t) for o in ("hmac", "random") for t in (1, 2, 4)])
    for r in rows(ran):
        assert r["per_second"] > 0, r
    within("sign is not measured", ran.err)
    failed(run("hsm", "speed", *TOKEN, "--master", "fleet-1999"), 69,
           "fleet-1999")
    failed(run("hsm", "speed", *TOKEN, "--key", "pkcs11:object=none"), 69,
           "none")
    failed(run("hsm", "speed", *TOKEN, "--key", "none"), 64)


@story
def away():
    """A token that is not there is 69, not a failed check."""
    elsewhere = TOKEN[:2] + ["--token", "pkcs11:token=elsewhere"] + TOKEN[4:]
    for verb in ("doctor", "speed"):
        ran = run("hsm", verb, *elsewhere)
        failed(ran, 69, "elsewhere")
        equal(ran.out, "")


if __name__ == "__main__":
    tell()
