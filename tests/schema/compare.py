#!/usr/bin/env python3
"""Hold a schema to the tables of keys that the readers use.

usage: compare.py TABLES SCHEMA-FOLDER

TABLES is the program schema_tables. Every map of the tables is looked for in
the schema, from the documents down: it has the same keys, each key the same
words, range and longest list, and a description, which tells the range of a
duration or size because no pattern can. Findings are lines with the dotted way
to the key; exit 1 if there are any.
"""

import json
import subprocess
import sys
from pathlib import Path

SECONDS_MAX = 1000 * (2**31 - 1)  # as far as clients count: not worth a word
DURATIONS = [("d", 86400000), ("h", 3600000), ("m", 60000), ("s", 1000),
             ("ms", 1)]
SIZES = [("KiB", 1024), ("B", 1)]
COUNT_MAX = 2**32 - 1


def said(number, units):
    """90000 -> {"90s", "90000ms"}: whoever writes it may choose."""
    if number == 0:
        return {f"0{unit}" for unit, _ in units}
    found = {f"{number // n}{unit}" for unit, n in units if number % n == 0}
    year = 365 * 86400000
    if units is DURATIONS and number % year == 0:
        found.add(f"{number // year}y")
    return found


class Schema:
    """What may stand at a place, whichever way a document goes."""

    def __init__(self, root):
        self.root = root

    def resolve(self, schema):
        """It and what it is made of: $ref, allOf, then, ... ; no items."""
        if not isinstance(schema, dict):
            return
        yield schema
        if "$ref" in schema:
            target = self.root
            for part in schema["$ref"].removeprefix("#/").split("/"):
                target = target[
                    int(part) if isinstance(target, list) else part]
            yield from self.resolve(target)
        for word in ("allOf", "anyOf", "oneOf"):
            for one in schema.get(word, []):
                yield from self.resolve(one)
        for word in ("then", "else"):
            if word in schema:
                yield from self.resolve(schema[word])

    def parts(self, schemas):
        for schema in schemas:
            yield from self.resolve(schema)

    def properties(self, schemas):
        """{key: [schema]}; what is only refused somewhere is no key."""
        found = {}
        for part in self.parts(schemas):
            for key, below in part.get("properties", {}).items():
                if below is not False:
                    found.setdefault(key, []).append(below)
        return found

    def items(self, schemas):
        return [part["items"] for part in self.parts(schemas)
                if "items" in part]

    def refers(self, schemas, name):
        return any(part.get("$ref") == f"#/$defs/{name}"
                   for part in self.parts(schemas))

    def types(self, schemas):
        found = set()
        for part in self.parts(schemas):
            kind = part.get("type", [])
            found |= {kind} if isinstance(kind, str) else set(kind)
        return found

    def described(self, schemas):
        return any(part.get("description") for part in self.parts(schemas))

    def texts(self, schemas):
        return " ".join(part["description"] for part in self.parts(schemas)
                        if "description" in part)


class Compare:
    def __init__(self, schema, tables):
        self.schema = Schema(schema)
        self.tables = tables
        self.found = []

    def say(self, way, text):
        self.found.append(f"{way}: {text}")

    def keys(self, way, maps, schemas):
        """All maps that may stand here against all that the schema takes."""
        rows = {}
        for table in maps:
            for key, row in table.items():
                rows.setdefault(key, row)
        properties = self.schema.properties(schemas)
        for key in sorted(rows.keys() - properties.keys()):
            self.say(f"{way}{key}", "is read, and the schema does not have it")
        for key in sorted(properties.keys() - rows.keys()):
            self.say(f"{way}{key}", "is in the schema, and nobody reads it")
        for key in sorted(rows.keys() & properties.keys()):
            self.key(f"{way}{key}", rows[key], properties[key])
        for part in self.schema.parts(schemas):
            if "properties" in part and part.get("type") == "object" and \
                    part.get("additionalProperties") is not False:
                self.say(way, "the schema takes keys that nobody has read")

    def key(self, way, row, schemas):
        takes = set(row["takes"])
        if not self.schema.described(schemas):
            self.say(way, "has no description")
        if "list" in takes:
            self.a_list(way, row, takes, schemas)
            # what one is, alone or in the list
            schemas = schemas + self.schema.items(schemas)
        self.words(way, row, takes, schemas)
        self.numbers(way, row, takes, schemas)
        self.scaled(way, row, takes, schemas)
        types = self.schema.types(schemas)
        if "boolean" in takes and "boolean" not in types and not any(
                part.get("const") is True
                for part in self.schema.parts(schemas)):
            self.say(way, "is true or false, and not so in the schema")
        if "text" in takes and "string" not in types and not any(
                part.get("description") and "type" not in part
                for part in self.schema.parts(schemas)):
            self.say(way, "is a text, and not so in the schema")
        if "value" in takes:
            resource = self.tables["objects"]["1"]["resources"][
                str(row["resource"])]
            self.value(way, resource, schemas)
        if "map" in takes:
            self.keys(way + ".", row["maps"], schemas)
        elif "open" not in takes and "value" not in takes and \
                self.schema.properties(schemas):
            self.say(way, "is no map, and the schema has one")

    def a_list(self, way, row, takes, schemas):
        most = {part["maxItems"] for part in self.schema.parts(schemas)
                if "items" in part and "maxItems" in part}
        if not self.schema.items(schemas):
            self.say(way, "may be a list, and not so in the schema")
        if row["most"] and row["most"] not in most:
            self.say(way, f"has at most {row['most']} items, in the schema "
                     f"{sorted(most)}")
        if not row["most"] and most:
            self.say(way, "has any number of items, and a limit in the schema")
        if "alone" not in takes and any(
                "else" in part and "items" in part.get("then", {})
                for part in self.schema.parts(schemas)):
            self.say(way, "is a list, and in the schema one may stand alone")

    def words(self, way, row, takes, schemas):
        found, numbers = set(), set()
        for part in self.schema.parts(schemas):
            for word in part.get("enum", []):
                (found if isinstance(word, str) else numbers).add(word)
        words = set(row["words"]) if "word" in takes else set()
        if found and "word" not in takes and "value" not in takes:
            self.say(way, "has no words of its own, and some in the schema")
            return
        for word in sorted(words - found):
            self.say(way, f"takes `{word}`, and the schema does not")
        for word in sorted(found - words if "word" in takes else set()):
            self.say(way, f"does not take `{word}`, and the schema does")
        # 1.1, unquoted, is a number; Content-Formats are numbers by right
        good = set(self.tables["formats"]) if "number" in takes else set()
        for number in sorted(numbers - good):
            if str(number) not in words and \
                    str(float(number)) not in words:
                self.say(way, f"does not take {number}, and the schema does")
        for number in sorted(good - numbers if numbers else set()):
            self.say(way, f"takes {number}, and the schema does not")

    def numbers(self, way, row, takes, schemas):
        found = {
            (part.get("minimum"), part.get("maximum"))
            for part in self.schema.parts(schemas)
            if part.get("type") == "integer"
        }
        if "number" in takes and not found and not any(
                isinstance(word, int) for part in self.schema.parts(schemas)
                for word in part.get("enum", [])):
            self.say(way, "is a number, and not so in the schema")
        if "value" in takes or "text" in takes:
            return
        for least, most in found:
            if "number" not in takes:
                self.say(way, "is no number, and one in the schema")
            elif (least, most) != (row["min"], row["max"]):
                self.say(way, f"is {row['min']} to {row['max']}, in the "
                         f"schema {least} to {most}")

    def scaled(self, way, row, takes, schemas):
        for kind, units in (("duration", DURATIONS), ("size", SIZES)):
            refers = self.schema.refers(schemas, kind)
            if refers != (kind in takes):
                self.say(way, f"{'is no' if refers else 'is a'} {kind}, and "
                         "not so in the schema")
            if kind not in takes:
                continue
            text = self.schema.texts(schemas)
            if row["max"] in (SECONDS_MAX, COUNT_MAX):
                wanted = [f"from {a}" for a in said(row["min"], units)]
                wanted += [""] if row["min"] == 0 else []
            else:
                wanted = [f"{a} to {b}" for a in said(row["min"], units)
                          for b in said(row["max"], units)]
            if not any(one in text for one in wanted):
                self.say(way, f"its description does not say "
                         f"{sorted(wanted)[0]}")

    def value(self, way, resource, schemas):
        """A resource of the standard: type and range."""
        kind = resource["type"]
        ranged = resource["min"] or resource["max"]
        types = self.schema.types(schemas) - {"array"}
        if kind in ("integer", "unsigned", "time"):
            least = resource["min"] if ranged else \
                0 if kind == "unsigned" else -2**63
            most = resource["max"] if ranged else 2**63 - 1
            found = {(part.get("minimum"), part.get("maximum"))
                     for part in self.schema.parts(schemas)
                     if part.get("type") == "integer"}
            if found != {(least, most)}:
                self.say(way, f"is {least} to {most}, in the schema "
                         f"{sorted(found, key=str)}")
        elif kind == "boolean":
            if types != {"boolean"}:
                self.say(way, "is true or false, and not so in the schema")
        elif "string" not in types:
            self.say(way, f"is a {kind}, in the schema {sorted(types)}")
        elif kind == "string" and ranged and not any(
                part.get("maxLength") == resource["max"]
                for part in self.schema.parts(schemas)):
            self.say(way, f"has {resource['max']} bytes at most")

    def object(self, number, schemas):
        """What may be written of an object, by number."""
        way = f"objects./{number}"
        resources = self.tables["objects"][number]["resources"]
        # numbers are no `properties` to yaml-language-server, which compares
        # them with words
        properties = {}
        for part in self.schema.parts(schemas):
            for pattern, below in part.get("patternProperties", {}).items():
                properties.setdefault(pattern[1:-1], []).append(below)
        wanted = {i for i, r in resources.items()
                  if not r["executable"] and not r["secret"]}
        for i in sorted(wanted ^ properties.keys()):
            self.say(f"{way}.{i}", "is in one of object table and schema")
        for i in sorted(wanted & properties.keys()):
            below = properties[i]
            if resources[i]["multiple"]:
                below = [one for part in self.schema.parts(below)
                         for one in part.get("patternProperties", {}).values()]
                if not below:
                    self.say(f"{way}.{i}", "is a multiple resource")
            if not (number == "2" and i == "1"):
                below = [part for part in self.schema.parts(below)
                         if part.get("type") != "object"]
            self.value(f"{way}.{i}", resources[i], [
                part for part in self.schema.parts(below)
                if part.get("type") != "object"])
            if resources[i]["name"] not in self.schema.texts(properties[i]):
                self.say(f"{way}.{i}", f"is not called {resources[i]['name']}")


def compare(schemas, tables):
    """The findings, as lines. `schemas`: {"policy": ..., "bootstrapd": ...}"""
    found = []
    for name, schema in schemas.items():
        look = Compare(schema, tables)
        kinds = tables[name]
        for kind, table in kinds.items():
            start = [schema["$defs"][kind]] if kind in schema.get(
                "$defs", {}) else [schema] if not kind else []
            if not start:
                look.say(kind, "is a document, and the schema has none")
                continue
            look.keys(f"{kind}." if kind else "", [table], start)
            if kind and kind not in schema["properties"]:
                look.say(kind, "is not offered in a new document")
        for kind in schema["properties"] if "" not in kinds else []:
            if kind not in kinds:
                look.say(kind, "is in the schema, and no document")
        for key in schema.get("$defs", {}):
            if key.startswith("object_"):
                number = key.removeprefix("object_")
                look.object(number, [schema["$defs"][key]])
        found += [f"{name}.schema.json: {line}" for line in look.found]
    return found


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    tables = json.loads(subprocess.run(
        [sys.argv[1]], capture_output=True, check=True).stdout)
    schemas = {
        name: json.loads(
            (Path(sys.argv[2]) / f"{name}.schema.json").read_text("utf-8"))
        for name in ("policy", "bootstrapd", "order")
    }
    found = compare(schemas, tables)
    for line in found:
        print(line)
    print(f"{len(found)} findings", file=sys.stderr)
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
