package example;

import com.google.protobuf.ByteString;
import com.google.protobuf.Duration;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.ErrorInfo;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status.Code;
import io.grpc.StatusException;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.BlockingClientCall;
import io.grpc.stub.MetadataUtils;
import java.io.PrintStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import userstatus.v1.Status.CustomStatusInput;
import userstatus.v1.Status.Platform;
import userstatus.v1.Status.SelfStatus;
import userstatus.v1.Status.Subscription;
import userstatus.v1.Status.UserStatus;
import userstatus.v1.UserStatusServiceGrpc;
import userstatus.v1.UserStatusServiceGrpc.UserStatusServiceBlockingV2Stub;
import userstatus.v1.UserStatusServiceOuterClass.HeartbeatRequest;
import userstatus.v1.UserStatusServiceOuterClass.LoginRequest;
import userstatus.v1.UserStatusServiceOuterClass.LoginResponse;
import userstatus.v1.UserStatusServiceOuterClass.LogoutRequest;
import userstatus.v1.UserStatusServiceOuterClass.SetCustomStatusRequest;
import userstatus.v1.UserStatusServiceOuterClass.SubscribeRequest;
import userstatus.v1.UserStatusServiceOuterClass.SyncRequest;
import userstatus.v1.Watch.ResumeResult;
import userstatus.v1.Watch.SubscriptionEnded;
import userstatus.v1.Watch.WatchEnd;
import userstatus.v1.Watch.WatchEvent;
import userstatus.v1.Watch.WatchRequest;
import userstatus.v1.Watch.WatchResponse;

/** A client of the User Status Protocol on grpc-java. docs/clients.md defines what it takes and prints. */
public final class Client {
  private static final long CALL_TIMEOUT_MS = 10_000;
  private static final long FIRST_BOUND_MS = 500; // of the wait before the next try; doubles with each
  private static final long LAST_BOUND_MS = 30_000; // and a stream that was up for so long sets it back
  private static final Set<Code> FATAL =
      Set.of(Code.UNAUTHENTICATED, Code.PERMISSION_DENIED, Code.INVALID_ARGUMENT, Code.FAILED_PRECONDITION);
  private static final PrintStream OUT = new PrintStream(System.out, true, StandardCharsets.UTF_8);

  private final Map<String, String> options;
  private final long until;
  private final ManagedChannel channel;
  private final UserStatusServiceBlockingV2Stub service;
  private final ScheduledExecutorService heartbeats = Executors.newSingleThreadScheduledExecutor(Client::daemon);

  // What the client knows. The loop that reads the stream owns it, and folds answers there, too.
  private volatile LoginResponse session;
  private String epoch = "";
  private String leftEpoch = ""; // the one before
  private String streamEpoch = ""; // of the newest hello
  private ByteString cursor = ByteString.EMPTY;
  private final Map<String, Long> revisions = new HashMap<>(); // of each target's status
  private final Map<String, Long> rows = new HashMap<>(); // generation of the row to each target
  private boolean reset; // the stream began with RESET
  private final Set<String> namedStatuses = new HashSet<>(); // targets that it named so far
  private final Set<String> namedRows = new HashSet<>(); // and those that it named a row to
  private long selfRevision = -1;
  private String selfText = "";
  private boolean loggedIn;
  private boolean open; // the stream has begun
  private boolean ready; // subscribed, and text set
  private long changes;
  private boolean done;

  public static void main(String[] args) throws Exception {
    Map<String, String> options = new HashMap<>(Map.of("url", "http://127.0.0.1:8080", "token", "", "device", "example"));
    for (int i = 0; i + 1 < args.length; i += 2) options.put(args[i].substring(2), args[i + 1]);
    try {
      new Client(options).run();
      System.exit(0); // Netty's threads are no daemons.
    } catch (StatusException error) {
      System.err.println(error.getStatus());
      System.exit(1);
    }
  }

  private Client(Map<String, String> options) {
    this.options = options;
    until = Long.parseLong(options.getOrDefault("until", String.valueOf(Long.MAX_VALUE)));
    URI url = URI.create(options.get("url"));
    boolean tls = "https".equals(url.getScheme());
    int port = url.getPort() >= 0 ? url.getPort() : tls ? 443 : 80;
    // PINGs find a connection that died without a word.
    NettyChannelBuilder builder = NettyChannelBuilder.forAddress(url.getHost(), port).keepAliveTime(30, TimeUnit.SECONDS);
    channel = tls ? builder.build() : builder.usePlaintext().build();
    Metadata headers = new Metadata();
    headers.put(Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER), "Bearer " + options.get("token"));
    service = UserStatusServiceGrpc.newBlockingV2Stub(channel)
        .withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers));
  }

  /** The service with a deadline, for one unary call; a Watch must have none. */
  private UserStatusServiceBlockingV2Stub bounded() {
    return service.withDeadlineAfter(CALL_TIMEOUT_MS, TimeUnit.MILLISECONDS);
  }

  /** Keeps a Watch open until it is done or has no reason to come back. */
  private void run() throws StatusException, InterruptedException {
    login();
    beatAfter(millis(session.getHeartbeatInterval()), FIRST_BOUND_MS);
    for (long bound = FIRST_BOUND_MS; ; bound = Math.min(2 * bound, LAST_BOUND_MS)) {
      long opened = System.nanoTime();
      WatchEnd end = null;
      StatusException failure = null;
      open = false;
      try {
        if (!loggedIn) login();
        end = watch();
      } catch (StatusException error) {
        failure = error;
      }
      if (done) return;
      if (System.nanoTime() - opened > LAST_BOUND_MS * 1_000_000) bound = FIRST_BOUND_MS;
      if (open && end == null) OUT.println("lost");
      if (failure != null) recover(failure);
      if (end != null && !end.getMayResume()) {
        throw io.grpc.Status.ABORTED.withDescription("the Watch is over for good").asException();
      }
      long wait = between(0, bound);
      // No less than the back-off, so that advice of 0 can't make it spin.
      if (end != null) wait = Math.max(wait, between(millis(end.getMinDelay()), millis(end.getMaxDelay())));
      Thread.sleep(wait);
      channel.resetConnectBackoff(); // One wait is enough: gRPC adds none of its own.
    }
  }

  private void login() throws StatusException {
    var request = LoginRequest.newBuilder().setDeviceId(options.get("device")).setPlatform(Platform.PLATFORM_LINUX);
    session = bounded().login(request.build());
    loggedIn = true;
    OUT.println("login " + session.getSelf().getStatus().getUserId());
    if (admits(session.getEpoch())) foldSelf(session.getSelf());
  }

  /** Renews the lease at each interval, with growing waits while that fails. One thread makes one call at a time. */
  private void beatAfter(long delayMs, long bound) {
    heartbeats.schedule(() -> {
      boolean renewed = beat();
      long interval = millis(session.getHeartbeatInterval());
      if (renewed) beatAfter(interval, FIRST_BOUND_MS);
      else beatAfter(between(0, bound), Math.min(2 * bound, interval));
    }, delayMs, TimeUnit.MILLISECONDS);
  }

  private boolean beat() {
    try {
      bounded().heartbeat(HeartbeatRequest.newBuilder().setSessionId(session.getSessionId()).build());
      return true;
    } catch (StatusException error) {
      return false;
    }
  }

  /** Reads one stream to its end; answers the server's `watch_end`. */
  private WatchEnd watch() throws StatusException, InterruptedException {
    long silence = CALL_TIMEOUT_MS;
    var request = WatchRequest.newBuilder().setSessionId(session.getSessionId()).setCursor(cursor).build();
    BlockingClientCall<?, WatchResponse> stream = service.watch(request);
    try {
      for (WatchResponse frame; (frame = stream.read(silence, TimeUnit.MILLISECONDS)) != null; ) {
        for (WatchEvent event : frame.getEventsList()) {
          if (event.hasWatchEnd()) {
            OUT.println("watch-end " + word(event.getWatchEnd().getReason(), "WATCH_END_REASON_"));
            return event.getWatchEnd();
          }
          if (event.hasHello()) silence = millis(event.getHello().getKeepAliveInterval()) * 5 / 2;
          take(event);
          if (changes >= until) {
            logout();
            return null;
          }
        }
      }
    } catch (TimeoutException silent) {
      channel.enterIdle(); // Over the same connection, the next Watch would hear nothing either.
    } finally {
      stream.cancel("left", null);
    }
    return null;
  }

  /** Does what one event asks for. Events that it does not know are left out. */
  private void take(WatchEvent event) throws StatusException {
    if (!event.hasHello() && !streamEpoch.equals(epoch)) return; // An answer told a newer one: this stream will end soon.
    switch (event.getEventCase()) {
      case HELLO -> {
        ResumeResult result = event.getHello().getResumeResult();
        open = true;
        OUT.println("hello " + word(result, "RESUME_RESULT_"));
        streamEpoch = event.getHello().getEpoch();
        enter(streamEpoch);
        reset = result == ResumeResult.RESUME_RESULT_RESET;
        namedStatuses.clear();
        namedRows.clear();
      }
      case STATUS -> foldStatus(event.getStatus());
      case SELF -> foldSelf(event.getSelf());
      case SUBSCRIBED -> foldRow(event.getSubscribed());
      case SUBSCRIPTION_ENDED -> foldEnd(event.getSubscriptionEnded());
      case PROGRESS -> {
        cursor = event.getProgress().getCursor();
        if (event.getProgress().getHeartbeatRequested()) {
          heartbeats.execute(() -> {
            if (beat()) OUT.println("heartbeat");
          });
        }
      }
      case SNAPSHOT_END -> {
        cursor = event.getSnapshotEnd().getCursor();
        dropUnnamed();
        prepare();
      }
      case SYNCED -> OUT.println("synced");
      default -> {}
    }
  }

  /** Subscribes and sets the text, once, and asks for a marker behind all that. */
  private void prepare() throws StatusException {
    String id = session.getSessionId();
    if (!ready && options.containsKey("subscribe")) {
      List<String> targets = List.of(options.get("subscribe").split(","));
      var answer = bounded().subscribe(SubscribeRequest.newBuilder().setSessionId(id).addAllUserIds(targets).build());
      boolean admitted = admits(answer.getEpoch());
      for (var result : answer.getResultsList()) {
        if (result.hasError()) {
          OUT.println("failed " + result.getUserId() + " " + result.getError().getReason());
        } else if (admitted) {
          foldRow(result.getSubscribed().getSubscription());
          foldStatus(result.getSubscribed().getStatus());
        }
      }
    }
    if (!ready && options.containsKey("text")) {
      var text = CustomStatusInput.newBuilder().setText(options.get("text"));
      var request = SetCustomStatusRequest.newBuilder().setSessionId(id).setCustomStatus(text).build();
      var answer = bounded().setCustomStatus(request);
      if (admits(answer.getEpoch())) foldSelf(answer.getSelf());
    }
    ready = true;
    bounded().sync(SyncRequest.newBuilder().setSessionId(id).setMarker("ready").build());
  }

  private void logout() throws StatusException {
    bounded().logout(LogoutRequest.newBuilder().setSessionId(session.getSessionId()).build());
    OUT.println("bye");
    done = true;
  }

  /** Says whether an answer of this epoch counts, and enters one that is new. */
  private boolean admits(String next) {
    if (next.equals(leftEpoch)) return false;
    enter(next);
    return true;
  }

  /** Drops what is held of another epoch: its revisions say nothing here. */
  private void enter(String next) {
    if (next.equals(epoch)) return;
    leftEpoch = epoch;
    epoch = next;
    cursor = ByteString.EMPTY;
    selfRevision = -1;
    revisions.clear();
    rows.clear();
  }

  /** The highest revision wins, wherever it came from. */
  private void foldStatus(UserStatus status) {
    String id = status.getUserId();
    namedStatuses.add(id);
    if (status.getRevision() <= revisions.getOrDefault(id, -1L)) return;
    revisions.put(id, status.getRevision());
    String online = word(status.getOnlineStatus(), "ONLINE_STATUS_").toLowerCase(Locale.ROOT).replace('_', '-');
    change(online + " " + id + quoted(status.getCustomStatus().getText()));
  }

  private void foldRow(Subscription row) {
    namedRows.add(row.getUserId());
    if (row.getGeneration() <= rows.getOrDefault(row.getUserId(), 0L)) return;
    rows.put(row.getUserId(), row.getGeneration());
    OUT.println("subscribed " + row.getUserId());
  }

  private void foldEnd(SubscriptionEnded end) {
    if (end.getGeneration() < rows.getOrDefault(end.getUserId(), 0L)) return;
    rows.remove(end.getUserId());
    if (!end.getStillVisible()) revisions.remove(end.getUserId());
    change("ended " + end.getUserId() + " " + word(end.getReason(), "SUBSCRIPTION_END_REASON_"));
  }

  /** Compared with oneself only: this view has revisions of its own. */
  private void foldSelf(SelfStatus self) {
    if (self.getStatus().getRevision() <= selfRevision) return;
    selfRevision = self.getStatus().getRevision();
    String text = self.getStatus().getCustomStatus().getText();
    if (!text.equals(selfText)) OUT.println("self" + quoted(text));
    selfText = text;
  }

  private void change(String line) {
    changes++;
    OUT.println(line);
  }

  /** Ends a snapshot: what it did not name is gone. Rows count apart: of a friend only the status is named. */
  private void dropUnnamed() {
    if (!reset) return;
    revisions.keySet().retainAll(namedStatuses);
    rows.keySet().retainAll(namedRows);
  }

  /** Returns where coming back makes sense, and has the next try log in where that helps. */
  private void recover(StatusException error) throws StatusException {
    com.google.rpc.Status status = StatusProto.fromThrowable(error);
    try {
      for (var detail : status.getDetailsList()) {
        if (!detail.is(ErrorInfo.class)) continue;
        ErrorInfo info = detail.unpack(ErrorInfo.class);
        String end = info.getMetadataOrDefault("end_reason", "");
        boolean over = info.getReason().equals("SESSION_ENDED") && Set.of("LINK_LOST", "DECAYED").contains(end);
        if (over || info.getReason().equals("SESSION_NOT_FOUND")) {
          loggedIn = false;
          return;
        }
        if (info.getReason().equals("MALFORMED_CURSOR")) {
          cursor = ByteString.EMPTY;
          return;
        }
        if (Set.of("SESSION_LOST", "NO_OPEN_WATCH").contains(info.getReason())) return; // The next Watch mends both.
      }
    } catch (InvalidProtocolBufferException unreadable) {
      // Its code has to do.
    }
    if (FATAL.contains(error.getStatus().getCode())) throw error;
  }

  private static String quoted(String text) {
    String escaped = text.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n");
    return text.isEmpty() ? "" : " \"" + escaped + "\"";
  }

  /** The name of an enum value without its prefix. What this client does not know is UNRECOGNIZED. */
  private static String word(Enum<?> value, String prefix) {
    return value.name().startsWith(prefix) ? value.name().substring(prefix.length()) : value.name();
  }

  private static long millis(Duration duration) {
    return duration.getSeconds() * 1000 + duration.getNanos() / 1_000_000;
  }

  private static long between(long least, long most) {
    return most > least ? ThreadLocalRandom.current().nextLong(least, most + 1) : least;
  }

  private static Thread daemon(Runnable task) {
    Thread thread = new Thread(task, "heartbeats");
    thread.setDaemon(true);
    return thread;
  }
}
