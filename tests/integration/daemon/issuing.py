"""A world whose policies have a certificate made for each device, by a CA of the
ceremony."""

import shutil

from daemon_fixture import DOMAIN
from daemon_pki import BY_CN, PkiWorld

BY_PSK = f"""\
identity: factory
endpoint: "{DOMAIN}-*"
psk: {{derive: bootstrap-2026, epoch: 2}}
---
"""

CERTIFIED = """\
authority: device-ca
certificate: device-ca.pem
key: "pkcs11:object=device-ca"
---
certificate_profile: meter
subject: "{endpoint}"
validity: 1y
---
policy: anybody
servers:
  - name: eu-1
    short_server_id: 101
    uri: coaps://eu1.lwm2m.example:5684
    security:
      mode: certificate
      issue: {ca: device-ca, profile: meter}
      server_certificate: {file: server-ca.pem, usage: trust-anchor}
"""


def issuing():
    world = PkiWorld({"identity.yaml": BY_PSK + BY_CN})
    folder = world.dir / "policies.d"
    shutil.copy(world.pki / "issuing.pem", folder / "device-ca.pem")
    shutil.copy(world.pki / "root.pem", folder / "server-ca.pem")
    world.write_policy("policy.yaml", CERTIFIED)
    return world
