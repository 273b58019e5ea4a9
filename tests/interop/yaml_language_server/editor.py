"""An editor as yaml-language-server sees one: JSON-RPC over its stdio."""

import json
import os
import queue
import subprocess
import threading

WAIT_S = 60  # for an answer that does not come


class Editor:
    """Use as a context. `files` are open by their names."""

    def __init__(self, program):
        self.program = program
        self.ids = 0
        self.answers = {}
        self.diagnostics = {}
        self.inbox = queue.Queue()

    def __enter__(self):
        self.server = subprocess.Popen(
            ["node", self.program, "--stdio"], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        threading.Thread(target=self._listen, daemon=True).start()
        self.ask("initialize", {
            "processId": os.getpid(), "rootUri": None,
            "capabilities": {
                "workspace": {"configuration": True},
                "textDocument": {
                    "hover": {"contentFormat": ["plaintext"]},
                    "completion": {"completionItem": {}},
                    "publishDiagnostics": {},
                },
            },
        })
        self.tell("initialized", {})
        self.tell("workspace/didChangeConfiguration", {"settings": {
            "yaml": SETTINGS}})
        return self

    def __exit__(self, *_):
        self.server.kill()
        self.server.wait()

    def _listen(self):
        out = self.server.stdout
        while True:
            length = 0
            while True:
                line = out.readline()
                if not line:
                    self.inbox.put(None)
                    return
                if line == b"\r\n":
                    break
                name, _, value = line.partition(b":")
                if name.lower() == b"content-length":
                    length = int(value)
            self.inbox.put(json.loads(out.read(length)))

    def _send(self, message):
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.server.stdin.write(
            b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self.server.stdin.flush()

    def _take(self):
        """One message of the server, wherever it belongs."""
        message = self.inbox.get(timeout=WAIT_S)
        if message is None:
            raise AssertionError("yaml-language-server has ended")
        if "method" in message and "id" in message:
            result = None
            if message["method"] == "workspace/configuration":
                result = [SETTINGS if item.get("section") == "yaml" else {}
                          for item in message["params"]["items"]]
            self._send({"id": message["id"], "result": result})
        elif message.get("method") == "textDocument/publishDiagnostics":
            params = message["params"]
            self.diagnostics[params["uri"]] = params["diagnostics"]
        elif "id" in message:
            self.answers[message["id"]] = message

    def tell(self, method, params):
        self._send({"method": method, "params": params})

    def ask(self, method, params):
        self.ids += 1
        self._send({"id": self.ids, "method": method, "params": params})
        while self.ids not in self.answers:
            self._take()
        answer = self.answers.pop(self.ids)
        if "error" in answer:
            raise AssertionError(f"{method}: {answer['error']}")
        return answer["result"]

    def findings(self, path, text):
        """Open a file of that text; [(line from 1, message)]."""
        uri = path.as_uri()
        self.tell("textDocument/didOpen", {"textDocument": {
            "uri": uri, "languageId": "yaml", "version": 1, "text": text}})
        while uri not in self.diagnostics:
            self._take()
        return [(d["range"]["start"]["line"] + 1, d["message"])
                for d in self.diagnostics.pop(uri)]

    def _at(self, path, line, column):
        return {"textDocument": {"uri": path.as_uri()},
                "position": {"line": line - 1, "character": column - 1}}

    def hover(self, path, line, column):
        shown = self.ask("textDocument/hover", self._at(path, line, column))
        contents = shown["contents"] if shown else ""
        return contents if isinstance(contents, str) else contents["value"]

    def completions(self, path, line, column):
        shown = self.ask(
            "textDocument/completion", self._at(path, line, column))
        items = shown if isinstance(shown, list) else shown["items"]
        return {item["label"] for item in items}


SETTINGS = {
    "validate": True, "hover": True, "completion": True, "yamlVersion": "1.2",
    "schemaStore": {"enable": False}, "maxItemsComputed": 100000,
}
