"""A client of the User Status Protocol on grpcio. docs/clients.md defines what it takes and prints."""

import argparse
import random
import sys
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

import grpc
from google.rpc import error_details_pb2
from grpc_status import rpc_status

sys.path.insert(0, str(Path(__file__).parent / "gen"))
from userstatus.v1 import status_pb2, user_status_service_pb2 as service, watch_pb2  # noqa: E402
from userstatus.v1.user_status_service_pb2_grpc import UserStatusServiceStub  # noqa: E402

CALL_TIMEOUT_S = 10
FIRST_BOUND_S = 0.5  # of the wait before the next try; doubles with each
LAST_BOUND_S = 30  # and a stream that was up for so long sets it back
FATAL = {
    grpc.StatusCode.UNAUTHENTICATED,
    grpc.StatusCode.PERMISSION_DENIED,
    grpc.StatusCode.INVALID_ARGUMENT,
    grpc.StatusCode.FAILED_PRECONDITION,
}


def options():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", default="http://127.0.0.1:8080", help="address of the server")
    parser.add_argument("--token", default="", help="bearer token of the user")
    parser.add_argument("--device", default="example", help="names this device; the same one again is the same session")
    parser.add_argument("--text", default="", help="custom status to set")
    parser.add_argument("--until", type=int, default=sys.maxsize, help="log out after so many changes")
    parser.add_argument("--subscribe", default="", help="user ids, with commas between them")
    return parser.parse_args()


def channel_to(url):
    # PINGs find a connection that died without a word. The limits of gRPC's own waits between connections are ours.
    keep_alive = [("grpc.keepalive_time_ms", 30_000), ("grpc.keepalive_timeout_ms", 10_000)]
    waits = [("grpc.initial_reconnect_backoff_ms", 100), ("grpc.max_reconnect_backoff_ms", 1000)]
    address = urlsplit(url)
    if address.scheme == "http":
        return grpc.insecure_channel(address.netloc, keep_alive + waits)
    return grpc.secure_channel(address.netloc, grpc.ssl_channel_credentials(), keep_alive + waits)


def say(*words):
    print(*words, flush=True)


def quoted(text):
    text = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f' "{text}"' if text else ""


def word(enum, number, prefix):
    """The name of an enum value; its number where this client is older than the server."""
    return enum.Name(number).removeprefix(prefix) if number in enum.values() else str(number)


class Client:
    """What the client knows. The loop that reads the stream owns it, and folds answers there, too."""

    def __init__(self, args):
        self.args = args
        self.connect()
        self.metadata = [("authorization", f"Bearer {args.token}")]
        self.beat_now = threading.Event()
        self.epoch, self.cursor = "", b""
        self.stream_epoch = self.left_epoch = ""  # of the newest hello; the one before `epoch`
        self.revisions, self.rows = {}, {}  # by target: of its status; generation of the row
        self.reset = False  # the stream began with RESET
        self.named_statuses, self.named_rows = set(), set()  # targets that it named so far
        self.self_revision, self.self_text = -1, ""
        self.logged_in = False
        self.open = False  # the stream has begun
        self.ready = False  # subscribed, and text set
        self.changes, self.done = 0, False

    def connect(self):
        self.channel = channel_to(self.args.url)
        self.stub = UserStatusServiceStub(self.channel)

    def call(self, method, request):
        """A unary call, with a deadline of its own; a Watch must have none."""
        return getattr(self.stub, method)(request, timeout=CALL_TIMEOUT_S, metadata=self.metadata)

    def run(self):
        """Keeps a Watch open until it is done or has no reason to come back."""
        self.login()
        threading.Thread(target=self.beat, daemon=True).start()
        bound = FIRST_BOUND_S
        while True:
            opened, end, failure = time.monotonic(), None, None
            self.open = False
            try:
                if not self.logged_in:
                    self.login()
                end = self.watch()
            except grpc.RpcError as error:
                failure = error
            if self.done:
                return
            if self.open and end is None:
                say("lost")
            if failure is not None:
                self.recover(failure)
            if time.monotonic() - opened > LAST_BOUND_S:
                bound = FIRST_BOUND_S
            wait = random.uniform(0, bound)
            bound = min(2 * bound, LAST_BOUND_S)
            if end is not None:
                if not end.may_resume:
                    sys.exit("the Watch is over for good")
                least = end.min_delay.ToTimedelta().total_seconds()
                # No less than the back-off, so that advice of 0 can't make it spin.
                wait = max(wait, random.uniform(least, max(least, end.max_delay.ToTimedelta().total_seconds())))
            time.sleep(wait)

    def login(self):
        request = service.LoginRequest(device_id=self.args.device, platform=status_pb2.PLATFORM_LINUX)
        self.session = self.call("Login", request)
        self.logged_in = True
        say("login", self.session.self.status.user_id)
        if self.admits(self.session.epoch):
            self.fold_self(self.session.self)

    def beat(self):
        """Renews the lease at each interval and when the server asks, with growing waits while that fails. One call at a time."""
        wait, bound = self.session.heartbeat_interval.ToTimedelta().total_seconds(), FIRST_BOUND_S
        while True:
            asked = self.beat_now.wait(wait)
            self.beat_now.clear()
            interval = self.session.heartbeat_interval.ToTimedelta().total_seconds()
            try:
                self.call("Heartbeat", service.HeartbeatRequest(session_id=self.session.session_id))
                wait, bound = interval, FIRST_BOUND_S
                if asked:
                    say("heartbeat")
            except grpc.RpcError:
                wait = random.uniform(0, bound)
                bound = min(2 * bound, interval)

    def watch(self):
        """Reads one stream to its end. Answers the server's `watch_end`."""
        request = watch_pb2.WatchRequest(session_id=self.session.session_id, cursor=self.cursor)
        stream = self.stub.Watch(request, metadata=self.metadata)
        silence = CALL_TIMEOUT_S
        try:
            while True:
                watchdog = threading.Timer(silence, self.give_up, [stream])
                watchdog.start()
                try:
                    frame = next(stream, None)
                finally:
                    watchdog.cancel()
                if frame is None:
                    return None
                for event in frame.events:
                    kind = event.WhichOneof("event")
                    if kind == "watch_end":
                        say("watch-end", word(watch_pb2.WatchEndReason, event.watch_end.reason, "WATCH_END_REASON_"))
                        return event.watch_end
                    if kind == "hello":
                        silence = 2.5 * event.hello.keep_alive_interval.ToTimedelta().total_seconds()
                    self.take(kind, event)
                    if self.changes >= self.args.until:
                        return self.logout()
        finally:
            stream.cancel()

    def give_up(self, stream):
        """Leaves the connection, too: over the same one, the next Watch would hear nothing either."""
        last = self.channel
        self.connect()
        stream.cancel()
        last.close()

    def take(self, kind, event):
        """Does what one event asks for. Events that it does not know (`kind` is None) are left out."""
        if kind == "hello":
            self.open = True
            say("hello", word(watch_pb2.ResumeResult, event.hello.resume_result, "RESUME_RESULT_"))
            self.enter(event.hello.epoch)
            self.stream_epoch = event.hello.epoch
            self.reset = event.hello.resume_result == watch_pb2.RESUME_RESULT_RESET
            self.named_statuses, self.named_rows = set(), set()
        elif self.stream_epoch != self.epoch:
            pass  # An answer told a newer epoch: this stream will end soon.
        elif kind == "status":
            self.fold_status(event.status)
        elif kind == "self":
            self.fold_self(event.self)
        elif kind == "subscribed":
            self.fold_row(event.subscribed)
        elif kind == "subscription_ended":
            self.fold_end(event.subscription_ended)
        elif kind == "progress":
            self.cursor = event.progress.cursor
            if event.progress.heartbeat_requested:
                self.beat_now.set()
        elif kind == "snapshot_end":
            self.cursor = event.snapshot_end.cursor
            self.drop_unnamed()
            self.prepare()
        elif kind == "synced":
            say("synced")

    def prepare(self):
        """Subscribes and sets the text, once, and asks for a marker behind all that."""
        session_id = self.session.session_id
        if not self.ready and self.args.subscribe:
            request = service.SubscribeRequest(session_id=session_id, user_ids=self.args.subscribe.split(","))
            answer = self.call("Subscribe", request)
            admitted = self.admits(answer.epoch)
            for result in answer.results:
                if result.WhichOneof("result") == "error":
                    say("failed", result.user_id, result.error.reason)
                elif admitted:
                    self.fold_row(result.subscribed.subscription)
                    self.fold_status(result.subscribed.status)
        if not self.ready and self.args.text:
            text = status_pb2.CustomStatusInput(text=self.args.text)
            request = service.SetCustomStatusRequest(session_id=session_id, custom_status=text)
            answer = self.call("SetCustomStatus", request)
            if self.admits(answer.epoch):
                self.fold_self(answer.self)
        self.ready = True
        self.call("Sync", service.SyncRequest(session_id=session_id, marker="ready"))

    def logout(self):
        self.call("Logout", service.LogoutRequest(session_id=self.session.session_id))
        say("bye")
        self.done = True

    def admits(self, epoch):
        """Says whether an answer of this epoch counts, and enters one that is new."""
        if epoch == self.left_epoch:
            return False
        self.enter(epoch)
        return True

    def enter(self, epoch):
        """Drops what is held of another epoch: its revisions say nothing here."""
        if epoch != self.epoch:
            self.left_epoch, self.epoch, self.cursor, self.self_revision = self.epoch, epoch, b"", -1
            self.revisions, self.rows = {}, {}

    def fold_status(self, status):
        """Lets the highest revision win, wherever it came from."""
        self.named_statuses.add(status.user_id)
        if status.revision > self.revisions.get(status.user_id, -1):
            self.revisions[status.user_id] = status.revision
            online = word(status_pb2.OnlineStatus, status.online_status, "ONLINE_STATUS_").lower().replace("_", "-")
            self.change(f"{online} {status.user_id}{quoted(status.custom_status.text)}")

    def fold_row(self, row):
        self.named_rows.add(row.user_id)
        if row.generation > self.rows.get(row.user_id, 0):
            self.rows[row.user_id] = row.generation
            say("subscribed", row.user_id)

    def fold_end(self, end):
        if end.generation >= self.rows.get(end.user_id, 0):
            self.rows.pop(end.user_id, None)
            if not end.still_visible:
                self.revisions.pop(end.user_id, None)
            reason = word(watch_pb2.SubscriptionEndReason, end.reason, "SUBSCRIPTION_END_REASON_")
            self.change(f"ended {end.user_id} {reason}")

    def fold_self(self, own):
        """Compares with oneself only: this view has revisions of its own."""
        if own.status.revision > self.self_revision:
            self.self_revision = own.status.revision
            if own.status.custom_status.text != self.self_text:
                self.self_text = own.status.custom_status.text
                say(f"self{quoted(self.self_text)}")

    def change(self, line):
        self.changes += 1
        say(line)

    def drop_unnamed(self):
        """Ends a snapshot: what it did not name is gone. Rows count apart: of a friend only the status is named."""
        if self.reset:
            self.revisions = {k: v for k, v in self.revisions.items() if k in self.named_statuses}
            self.rows = {k: v for k, v in self.rows.items() if k in self.named_rows}

    def recover(self, error):
        """Returns where coming back makes sense, and has the next try log in where that helps; else raises."""
        status = rpc_status.from_call(error)
        for detail in status.details if status else []:
            info = error_details_pb2.ErrorInfo()
            if not detail.Unpack(info):
                continue
            over = info.reason == "SESSION_ENDED" and info.metadata["end_reason"] in ("LINK_LOST", "DECAYED")
            if over or info.reason == "SESSION_NOT_FOUND":
                self.logged_in = False
                return
            if info.reason == "MALFORMED_CURSOR":
                self.cursor = b""
                return
            if info.reason in ("SESSION_LOST", "NO_OPEN_WATCH"):
                return  # the next Watch mends both
        if error.code() in FATAL:
            raise error


if __name__ == "__main__":
    try:
        Client(options()).run()
    except grpc.RpcError as error:
        sys.exit(f"{error.code()}: {error.details()}")
