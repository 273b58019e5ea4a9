"""What neither the daemon nor its tool does to a token: bring in a master key
whose bytes the test knows, take one away, or change the PIN. Straight PKCS#11
calls into SoftHSM2, in a process of its own (a module is initialised once a
process).

    python3 token_surgery.py MODULE import LABEL   (the key in hex on stdin)
    python3 token_surgery.py MODULE destroy LABEL
    python3 token_surgery.py MODULE pin NEW

SOFTHSM2_CONF names the token's folder, TOKEN_PIN its PIN.
"""

import ctypes
import os
import sys

SERIAL_SESSION, RW_SESSION = 4, 2
USER = 1
SECRET_KEY, GENERIC_SECRET = 4, 0x10
CLASS, TOKEN, PRIVATE, LABEL, VALUE = 0, 1, 2, 3, 0x11
KEY_TYPE, SENSITIVE, SIGN, EXTRACTABLE = 0x100, 0x103, 0x108, 0x162

ulong = ctypes.c_ulong


class Attribute(ctypes.Structure):
    _fields_ = [("type", ulong), ("value", ctypes.c_char_p), ("len", ulong)]


def attributes(*pairs):
    def raw(value):
        if isinstance(value, bool):
            return bytes([value])
        if isinstance(value, int):
            return value.to_bytes(ctypes.sizeof(ulong), sys.byteorder)
        return value
    return (Attribute * len(pairs))(
        *[Attribute(t, raw(v), len(raw(v))) for t, v in pairs])


def check(rv, what):
    if rv:
        sys.exit(f"{what}: {rv:#x}")


def open_session(module, pin):
    count = ulong(32)
    slots = (ulong * 32)()
    session = ulong()
    check(module.C_Initialize(None), "C_Initialize")
    check(module.C_GetSlotList(b"\1", slots, ctypes.byref(count)), "slots")
    # SoftHSM shows a free slot behind the initialised ones
    check(module.C_OpenSession(ulong(slots[0]),
                               ulong(SERIAL_SESSION | RW_SESSION), None, None,
                               ctypes.byref(session)), "C_OpenSession")
    check(module.C_Login(session, ulong(USER), pin, ulong(len(pin))),
          "C_Login")
    return session


def put(module, session, label, value):
    template = attributes(
        (CLASS, SECRET_KEY), (KEY_TYPE, GENERIC_SECRET), (TOKEN, True),
        (PRIVATE, True), (SENSITIVE, True), (EXTRACTABLE, False),
        (SIGN, True), (LABEL, label), (VALUE, value))
    handle = ulong()
    check(module.C_CreateObject(session, template, ulong(len(template)),
                                ctypes.byref(handle)), "C_CreateObject")


def destroy(module, session, label):
    template = attributes((CLASS, SECRET_KEY), (LABEL, label))
    handle, count = ulong(), ulong()
    check(module.C_FindObjectsInit(session, template, ulong(len(template))),
          "C_FindObjectsInit")
    check(module.C_FindObjects(session, ctypes.byref(handle), ulong(1),
                               ctypes.byref(count)), "C_FindObjects")
    check(module.C_FindObjectsFinal(session), "C_FindObjectsFinal")
    if count.value != 1:
        sys.exit(f"no key {label!r}")
    check(module.C_DestroyObject(session, handle), "C_DestroyObject")


def main(path, verb, label):
    module = ctypes.CDLL(path)
    session = open_session(module, os.environ["TOKEN_PIN"].encode())
    if verb == "pin":
        old, new = os.environ["TOKEN_PIN"].encode(), label.encode()
        check(module.C_SetPIN(session, old, ulong(len(old)), new,
                              ulong(len(new))), "C_SetPIN")
    elif verb == "import":
        put(module, session, label.encode(),
            bytes.fromhex(sys.stdin.read()))
    else:
        destroy(module, session, label.encode())
    check(module.C_Finalize(None), "C_Finalize")


if __name__ == "__main__":
    main(*sys.argv[1:])
