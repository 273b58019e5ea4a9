"""A wire that counts: a UDP forwarder between one device and the daemon."""

import select
import socket
import threading


class Wire:
    """Datagrams in both directions, by their lengths. One device at a time:
    whoever wrote last is it."""

    def __init__(self, server):
        self.server = server
        self.near = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.near.bind(("127.0.0.1", 0))
        self.up, self.down = [], []
        self.device = self.far = None
        self.stopping, self.stop_at = socket.socketpair()
        self.thread = threading.Thread(target=self._carry, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stopping.send(b".")
        self.thread.join()
        for s in (self.near, self.far, self.stopping, self.stop_at):
            if s:
                s.close()

    def port(self):
        return self.near.getsockname()[1]

    def _from_device(self):
        data, device = self.near.recvfrom(65536)
        if device != self.device:
            # a device of its own for the daemon as well
            if self.far:
                self.far.close()
            self.far = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.far.connect(self.server)
            self.device, self.up, self.down = device, [], []
        self.up.append(data)
        self.far.send(data)

    def _from_server(self):
        try:
            data = self.far.recv(65536)
        except ConnectionRefusedError:
            return
        self.down.append(data)
        self.near.sendto(data, self.device)

    def _carry(self):
        while True:
            ends = [self.near, self.stop_at] + ([self.far] if self.far else [])
            ready, _, _ = select.select(ends, [], [])
            if self.stop_at in ready:
                return
            if self.near in ready:
                self._from_device()
            elif self.far in ready:
                self._from_server()

    def counts(self):
        return {"datagrams_up": len(self.up), "datagrams_down": len(self.down),
                "bytes_up": sum(map(len, self.up)),
                "bytes_down": sum(map(len, self.down))}
