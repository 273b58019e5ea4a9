#!/usr/bin/env python3
"""compare.py finds what it is there to find: nothing in this tree, and each
change of a table or of a schema by the dotted way to the key.

usage: test_compare.py TABLES SCHEMA-FOLDER
"""

import copy
import json
import subprocess
import sys
import unittest
from pathlib import Path

from compare import compare

TABLES = None
SCHEMAS = None


def at(value, way):
    for part in way:
        value = value[part]
    return value


ROW = {"takes": ["text"], "min": 0, "max": 0, "most": 0, "words": [],
       "maps": []}
SERVER = ("policy", "policy", "servers", "maps", 0)
P = ("policy", "$defs")

# where, key, what it becomes (None: it goes), what is found
TABLE_CHANGES = [
    (("policy", "policy"), "colour", ROW,
     "policy.colour: is read, and the schema does not have it"),
    (SERVER, "lifetime", None,
     "policy.servers.lifetime: is in the schema, and nobody reads it"),
    ((*SERVER, "security", "maps", 0, "key", "maps", 0), "wrapped", ROW,
     "policy.servers.security.key.wrapped: is read"),
    ((*SERVER, "short_server_id"), "max", 65535,
     "policy.servers.short_server_id: is 1 to 65535, in the schema 1 to"),
    ((*SERVER, "alternate_apn_links"), "most", 9,
     "policy.servers.alternate_apn_links: has at most 9 items"),
    (("policy", "policy", "verify"), "words", ["none", "discover"],
     "policy.verify: does not take `read`, and the schema does"),
    (("policy", "policy", "quarantine", "maps", 0, "retry"), "min", 1000,
     "policy.quarantine.retry: its description does not say 1000ms to 1440m"),
    (("policy", "profile", "max_message"), "max", 65536,
     "profile.max_message: its description does not say 64B to"),
    (("policy",), "orchard", {"orchard": ROW},
     "orchard: is a document, and the schema has none"),
    (("policy",), "devices", None, "devices: is in the schema, and no doc"),
    (("formats",), 0, 1, "formats: does not take 0, and the schema does"),
    (("objects", "1", "resources", "13"), "max", 20,
     "policy.servers.registration.priority: is 0 to 20"),
    (("objects", "2", "resources", "2"), "max", 32,
     "objects./2.2: is 0 to 32, in the schema [(0, 31)]"),
    (("objects", "3", "resources", "0"), "name", "Maker",
     "objects./3.0: is not called Maker"),
    (("objects", "11", "resources"), "6", None, None),
    (("objects", "11", "resources", "6"), "secret", 0,
     "objects./11.6: is in one of"),
    (("bootstrapd", "", "limits", "maps", 0), "linger", ROW,
     "bootstrapd.schema.json: limits.linger: is read"),
    (("bootstrapd", "", "workers"), "words", ["auto", "all"],
     "workers: takes `all`, and the schema does not"),
    (("bootstrapd", "", "listen"), "most", 17, "listen: has at most 17"),
]
SCHEMA_CHANGES = [
    ((*P, "security", "properties"), "key", None,
     "policy.bootstrap_account.security.key: is read, and the schema does"),
    ((*P, "security", "properties"), "colour", {"type": "string"},
     "policy.servers.security.colour: is in the schema, and nobody reads"),
    ((*P, "security"), "additionalProperties", True,
     "the schema takes keys that nobody has read"),
    ((*P, "binding_letter"), "enum", ["U", "T", "S", "N", "M"],
     "policy.servers.preferred_transport: takes `H`, and the schema does not"),
    ((*P, "server", "properties", "storing"), "description", None,
     "policy.servers.storing: has no description"),
    ((*P, "server", "properties", "storing"), "type", "string",
     "policy.servers.storing: is true or false"),
    ((*P, "server", "properties", "lifetime"), "$ref", "#/$defs/size",
     "policy.servers.lifetime: is a duration"),
    ((*P, "epoch_number"), "minimum", 0,
     "identity.psk.epoch.epoch: is 1 to 4294967295, in the schema 0 to"),
    ((*P, "clean"), "maxItems", None, "policy.clean: has at most 16 items"),
    (("policy", "properties"), "authority", None,
     "authority: is not offered in a new document"),
    (("bootstrapd", "properties", "hsm", "properties"), "pin", None,
     "hsm.pin: is read, and the schema does not have it"),
    (("bootstrapd", "properties", "limits", "properties", "sessions"),
     "maximum", 1, "limits.sessions: is 1 to 1000000, in the schema 1 to 1"),
]


class Comparing(unittest.TestCase):
    def test_this_tree(self):
        self.assertEqual(compare(SCHEMAS, TABLES), [])

    def test_nobody_has_a_list_of_his_own(self):
        """A map whose keys are in no table is not compared with anything."""
        root = Path(sys.argv[2]).resolve().parent
        own = {"keys.c", "load.c", "yaml_find.c"}
        for file in [*root.glob("lib/policy/*.c"),
                     *root.glob("bootstrapd/*.c")]:
            if file.name not in own:
                self.assertNotIn("yaml_leftover(", file.read_text("utf-8"),
                                 f"{file.name}: yaml_rest and a table")

    def changed(self, changes, which):
        for way, key, to, finding in changes:
            with self.subTest(way=way, key=key, to=to):
                both = [copy.deepcopy(SCHEMAS), copy.deepcopy(TABLES)]
                place = at(both[which], way)
                if to is None:
                    del place[key]
                else:
                    self.assertNotEqual(
                        place.get(key) if isinstance(place, dict)
                        else place[key], to)
                    place[key] = to
                found = compare(*both)
                if finding is None:  # what is no resource is not written
                    self.assertEqual(found, [])
                else:
                    self.assertTrue(
                        any(finding in line for line in found), found)

    def test_tables_change(self):
        self.changed(TABLE_CHANGES, 1)

    def test_schemas_change(self):
        self.changed(SCHEMA_CHANGES, 0)


if __name__ == "__main__":
    TABLES = json.loads(subprocess.run(
        [sys.argv[1]], capture_output=True, check=True).stdout)
    SCHEMAS = {
        name: json.loads(
            (Path(sys.argv[2]) / f"{name}.schema.json").read_text("utf-8"))
        for name in ("policy", "bootstrapd")
    }
    unittest.main(argv=sys.argv[:1])
