"""YAML as editors read it: YAML 1.2, core schema, into values of JSON.

PyYAML alone reads YAML 1.1, where `on` is true, 010 is eight and 1:30 is
ninety. Here it only takes the text apart: what a plain scalar is follows YAML
1.2 section 10.3.2, keys are the text that was written (as a schema knows
properties), and a key that is there twice is an error, as it is to editors.
Anchors, aliases and tags are resolved: a schema never sees them.
"""

import re

import yaml

NULL = re.compile(r"(null|Null|NULL|~|)\Z")
TRUE = re.compile(r"(true|True|TRUE)\Z")
FALSE = re.compile(r"(false|False|FALSE)\Z")
INTEGER = re.compile(r"[-+]?[0-9]+\Z")
OCTAL = re.compile(r"0o[0-7]+\Z")
HEX = re.compile(r"0x[0-9a-fA-F]+\Z")
FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z")
MERGE = "tag:yaml.org,2002:merge"
NODES_MAX = 1_000_000  # of one document, aliases followed


class Refused(Exception):
    """Not YAML, or a key that is there twice."""


class Loader(yaml.SafeLoader):
    """No implicit types: every plain scalar is a text until `scalar`."""

    yaml_implicit_resolvers = {}


def scalar(node):
    text = node.value
    if node.style is not None:
        return text
    if NULL.match(text):
        return None
    if TRUE.match(text):
        return True
    if FALSE.match(text):
        return False
    if INTEGER.match(text):
        return int(text)
    if OCTAL.match(text):
        return int(text[2:], 8)
    if HEX.match(text):
        return int(text, 16)
    if FLOAT.match(text):
        return float(text)
    return text


def value(node, left):
    left[0] -= 1
    if left[0] < 0:
        raise Refused("more values than anybody wrote")
    if isinstance(node, yaml.ScalarNode):
        return scalar(node)
    if isinstance(node, yaml.SequenceNode):
        return [value(item, left) for item in node.value]
    out = {}
    for key, item in node.value:
        if not isinstance(key, yaml.ScalarNode):
            raise Refused(f"line {key.start_mark.line + 1}: a key is a word")
        if key.value in out:
            raise Refused(
                f"line {key.start_mark.line + 1}: {key.value} is there twice")
        out[key.value] = value(item, left)
    return out


def documents(data):
    """The documents of a file's bytes, empty ones left out."""
    try:
        # one after the other, because each may have a million values
        for node in yaml.compose_all(data, Loader):
            out = None if node is None else value(node, [NODES_MAX])
            if out is not None:
                yield out
    except (yaml.YAMLError, UnicodeError, RecursionError, ValueError) as e:
        raise Refused(str(e).replace("\n", " ")) from e
