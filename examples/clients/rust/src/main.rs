//! A client of the User Status Protocol on tonic. docs/clients.md defines what it takes and prints.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::{Interceptor, interceptor::InterceptedService};
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Response, Status};
use tonic_types::StatusExt;

use v1::user_status_service_client::UserStatusServiceClient;
use v1::watch_event::Event;

mod v1 {
    tonic::include_proto!("userstatus.v1");
}

const CALL_TIMEOUT: Duration = Duration::from_secs(10);
/// Of the wait before the next try; doubles with each.
const FIRST_BOUND: Duration = Duration::from_millis(500);
/// And a stream that was up for so long sets it back.
const LAST_BOUND: Duration = Duration::from_secs(30);

type Service = UserStatusServiceClient<InterceptedService<Channel, Bearer>>;

#[derive(Clone)]
struct Bearer(MetadataValue<Ascii>);

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        request.metadata_mut().insert("authorization", self.0.clone());
        Ok(request)
    }
}

#[derive(Default)]
struct Options {
    url: String,
    token: String,
    device: String,
    text: String,
    /// Log out after so many changes.
    until: usize,
    subscribe: Vec<String>,
}

impl Options {
    fn of(mut args: impl Iterator<Item = String>) -> Result<Options, String> {
        let url = "http://127.0.0.1:8080".into();
        let mut options = Options { url, device: "example".into(), until: usize::MAX, ..Options::default() };
        while let Some(name) = args.next() {
            let value = args.next().ok_or(format!("{name} needs a value"))?;
            match name.as_str() {
                "--url" => options.url = value,
                "--token" => options.token = value,
                "--device" => options.device = value,
                "--text" => options.text = value,
                "--until" => options.until = value.parse().map_err(|_| "--until is a number")?,
                "--subscribe" => options.subscribe = value.split(',').map(String::from).collect(),
                _ => return Err(format!("no such option: {name}")),
            }
        }
        Ok(options)
    }
}

/// Targets that a snapshot named so far. A friend's status may come without a row.
#[derive(Default)]
struct Snapshot {
    statuses: HashSet<String>,
    rows: HashSet<String>,
}

/// What the client knows. The loop that reads the stream owns it, and folds answers there, too.
struct Client {
    options: Options,
    service: Service,
    /// Without an id: log in first.
    session: v1::LoginResponse,
    beat_now: Arc<Notify>,
    /// At most one task.
    beating: JoinSet<()>,
    epoch: String,
    /// The epoch before it: late answers of that one do not count.
    left: String,
    /// The epoch of the open stream.
    stream: String,
    cursor: Vec<u8>,
    /// Of each target's status.
    revisions: HashMap<String, i64>,
    /// Generation of the row to each target.
    rows: HashMap<String, i64>,
    /// None under RESUMED.
    snapshot: Option<Snapshot>,
    self_revision: i64,
    self_text: String,
    /// When the stream began.
    opened: Option<Instant>,
    /// Subscribed, and text set.
    ready: bool,
    changes: usize,
    done: bool,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let options = Options::of(std::env::args().skip(1))?;
    let service = connect(&options)?;
    let mut client = Client {
        options,
        service,
        session: v1::LoginResponse::default(),
        beat_now: Arc::new(Notify::new()),
        beating: JoinSet::new(),
        epoch: String::new(),
        left: String::new(),
        stream: String::new(),
        cursor: Vec::new(),
        revisions: HashMap::new(),
        rows: HashMap::new(),
        snapshot: None,
        self_revision: -1,
        self_text: String::new(),
        opened: None,
        ready: false,
        changes: 0,
        done: false,
    };
    client.run().await?;
    Ok(())
}

fn connect(options: &Options) -> Result<Service, Box<dyn std::error::Error>> {
    // PINGs find a connection that died without a word. Endpoint::timeout would end the Watch.
    let channel = Endpoint::from_shared(options.url.clone())?
        .http2_keep_alive_interval(Duration::from_secs(30))
        .connect_timeout(CALL_TIMEOUT)
        .connect_lazy();
    let bearer = Bearer(format!("Bearer {}", options.token).parse()?);
    Ok(UserStatusServiceClient::with_interceptor(channel, bearer))
}

impl Client {
    /// Keeps a Watch open until it is done or has no reason to come back.
    async fn run(&mut self) -> Result<(), Status> {
        self.login().await?;
        let mut bound = FIRST_BOUND;
        while !self.done {
            let outcome = self.watch().await;
            if self.opened.is_some_and(|opened| opened.elapsed() > LAST_BOUND) {
                bound = FIRST_BOUND;
            }
            if self.opened.is_some() && !self.done && !matches!(outcome, Ok(Some(_))) {
                println!("lost");
            }
            let mut wait = between(Duration::ZERO, bound);
            match outcome {
                Ok(Some(end)) if !end.may_resume => return Err(Status::aborted("the Watch is over for good")),
                // No less than the back-off, so that advice of 0 can't make it spin.
                Ok(Some(end)) => wait = wait.max(between(span(end.min_delay), span(end.max_delay))),
                Ok(None) if self.done => return Ok(()),
                Ok(None) => {}
                Err(status) => self.recover(status)?,
            }
            bound = LAST_BOUND.min(2 * bound);
            sleep(wait).await;
        }
        Ok(())
    }

    /// For the newest session, over the newest connection.
    fn start_beating(&mut self) {
        self.beating = JoinSet::new(); // which ends the task before it
        self.beating.spawn(beat(self.service.clone(), self.session.clone(), self.beat_now.clone()));
    }

    async fn login(&mut self) -> Result<(), Status> {
        let device_id = self.options.device.clone();
        let request = v1::LoginRequest { device_id, platform: v1::Platform::Linux.into(), custom_status: None };
        self.session = bounded(self.service.login(request)).await?;
        self.start_beating();
        let own = self.session.self_.clone().unwrap_or_default();
        println!("login {}", own.status.as_ref().map_or("", |status| &status.user_id));
        if self.admits(self.session.epoch.clone()) {
            self.fold_self(own);
        }
        Ok(())
    }

    /// Logs in where that is due, and reads one stream to its end. Answers the server's `watch_end`.
    async fn watch(&mut self) -> Result<Option<v1::WatchEnd>, Status> {
        self.opened = None;
        if self.session.session_id.is_empty() {
            self.login().await?;
        }
        let mut silence = CALL_TIMEOUT;
        let request = v1::WatchRequest { session_id: self.session.session_id.clone(), cursor: self.cursor.clone() };
        let Ok(stream) = timeout(silence, self.service.watch(request)).await else { return self.give_up() };
        let mut stream = stream?.into_inner();
        loop {
            let Ok(frame) = timeout(silence, stream.message()).await else { return self.give_up() };
            let Some(frame) = frame? else { return Ok(None) };
            // An event that this client does not know is None.
            for event in frame.events.into_iter().filter_map(|event| event.event) {
                match event {
                    Event::WatchEnd(end) => {
                        println!("watch-end {}", word::<v1::WatchEndReason>(end.reason, "WATCH_END_REASON_"));
                        return Ok(Some(end));
                    }
                    Event::Hello(hello) => silence = self.begin(hello),
                    // An answer told a newer epoch: this stream will end soon.
                    _ if self.stream != self.epoch => {}
                    event => self.take(event).await?,
                }
                if self.changes >= self.options.until {
                    self.logout().await?;
                    return Ok(None);
                }
            }
        }
    }

    /// Leaves a silent stream, and its connection: over the same one, the next Watch would hear nothing either.
    fn give_up(&mut self) -> Result<Option<v1::WatchEnd>, Status> {
        self.service = connect(&self.options).map_err(|error| Status::invalid_argument(error.to_string()))?;
        self.start_beating();
        Ok(None)
    }

    /// Answers the longest silence that a living stream keeps.
    fn begin(&mut self, hello: v1::Hello) -> Duration {
        self.opened = Some(Instant::now());
        println!("hello {}", word::<v1::ResumeResult>(hello.resume_result, "RESUME_RESULT_"));
        self.snapshot = (hello.resume_result() == v1::ResumeResult::Reset).then(Snapshot::default);
        self.stream = hello.epoch.clone();
        self.enter(hello.epoch);
        span(hello.keep_alive_interval) * 5 / 2
    }

    /// Does what one event asks for.
    async fn take(&mut self, event: Event) -> Result<(), Status> {
        match event {
            Event::Status(status) => self.fold_status(status),
            Event::Self_(own) => self.fold_self(own),
            Event::Subscribed(row) => self.fold_row(row),
            Event::SubscriptionEnded(end) => self.fold_end(end),
            Event::Progress(progress) => {
                self.cursor = progress.cursor;
                if progress.heartbeat_requested {
                    self.beat_now.notify_one();
                }
            }
            Event::SnapshotEnd(end) => {
                self.cursor = end.cursor;
                self.drop_unnamed();
                self.prepare().await?;
            }
            Event::Synced(_) => println!("synced"),
            Event::Hello(_) | Event::WatchEnd(_) => {}
        }
        Ok(())
    }

    /// Subscribes and sets the text, once, and asks for a marker behind all that.
    async fn prepare(&mut self) -> Result<(), Status> {
        let session_id = self.session.session_id.clone();
        if !self.ready && !self.options.subscribe.is_empty() {
            let user_ids = self.options.subscribe.clone();
            let request = v1::SubscribeRequest { session_id: session_id.clone(), user_ids, ttl: None };
            let answer = bounded(self.service.subscribe(request)).await?;
            let admitted = self.admits(answer.epoch);
            for v1::SubscribeResult { user_id, result } in answer.results {
                match result {
                    Some(v1::subscribe_result::Result::Error(error)) => println!("failed {user_id} {}", error.reason),
                    Some(v1::subscribe_result::Result::Subscribed(subscribed)) if admitted => {
                        self.fold_row(subscribed.subscription.unwrap_or_default());
                        self.fold_status(subscribed.status.unwrap_or_default());
                    }
                    _ => {}
                }
            }
        }
        if !self.ready && !self.options.text.is_empty() {
            let custom_status = Some(v1::CustomStatusInput { text: self.options.text.clone(), ttl: None });
            let request = v1::SetCustomStatusRequest { session_id: session_id.clone(), custom_status };
            let answer = bounded(self.service.set_custom_status(request)).await?;
            if self.admits(answer.epoch) {
                self.fold_self(answer.self_.unwrap_or_default());
            }
        }
        self.ready = true;
        bounded(self.service.sync(v1::SyncRequest { session_id, marker: "ready".into() })).await?;
        Ok(())
    }

    async fn logout(&mut self) -> Result<(), Status> {
        let session_id = self.session.session_id.clone();
        bounded(self.service.logout(v1::LogoutRequest { session_id })).await?;
        println!("bye");
        self.done = true;
        Ok(())
    }

    /// Says whether an answer of this epoch counts, and enters an epoch that is new.
    fn admits(&mut self, epoch: String) -> bool {
        let counts = epoch != self.left;
        if counts {
            self.enter(epoch);
        }
        counts
    }

    /// Drops what is held of another epoch: its revisions say nothing here.
    fn enter(&mut self, epoch: String) {
        if epoch != self.epoch {
            self.left = std::mem::replace(&mut self.epoch, epoch);
            self.cursor.clear();
            self.self_revision = -1;
            self.revisions.clear();
            self.rows.clear();
        }
    }

    /// Lets the highest revision win, wherever it came from.
    fn fold_status(&mut self, status: v1::UserStatus) {
        if let Some(named) = &mut self.snapshot {
            named.statuses.insert(status.user_id.clone());
        }
        if self.revisions.get(&status.user_id).is_some_and(|&held| held >= status.revision) {
            return;
        }
        self.revisions.insert(status.user_id.clone(), status.revision);
        let online = word::<v1::OnlineStatus>(status.online_status, "ONLINE_STATUS_").to_lowercase().replace('_', "-");
        let text = status.custom_status.unwrap_or_default().text;
        self.change(format!("{online} {}{}", status.user_id, quoted(&text)));
    }

    fn fold_row(&mut self, row: v1::Subscription) {
        if let Some(named) = &mut self.snapshot {
            named.rows.insert(row.user_id.clone());
        }
        if self.rows.get(&row.user_id).is_none_or(|&held| held < row.generation) {
            println!("subscribed {}", row.user_id);
            self.rows.insert(row.user_id, row.generation);
        }
    }

    fn fold_end(&mut self, end: v1::SubscriptionEnded) {
        if self.rows.get(&end.user_id).is_some_and(|&held| held > end.generation) {
            return;
        }
        self.rows.remove(&end.user_id);
        if !end.still_visible {
            self.revisions.remove(&end.user_id);
        }
        let reason = word::<v1::SubscriptionEndReason>(end.reason, "SUBSCRIPTION_END_REASON_");
        self.change(format!("ended {} {reason}", end.user_id));
    }

    /// Compares with oneself only: this view has revisions of its own.
    fn fold_self(&mut self, own: v1::SelfStatus) {
        let status = own.status.unwrap_or_default();
        let text = status.custom_status.unwrap_or_default().text;
        if status.revision > self.self_revision {
            self.self_revision = status.revision;
            if text != self.self_text {
                println!("self{}", quoted(&text));
            }
            self.self_text = text;
        }
    }

    fn change(&mut self, line: String) {
        self.changes += 1;
        println!("{line}");
    }

    /// Ends a snapshot: what it did not name is gone.
    fn drop_unnamed(&mut self) {
        if let Some(named) = self.snapshot.take() {
            self.revisions.retain(|id, _| named.statuses.contains(id));
            self.rows.retain(|id, _| named.rows.contains(id));
        }
    }

    /// Returns Ok where coming back makes sense, and forgets the session where only a new login helps.
    fn recover(&mut self, status: Status) -> Result<(), Status> {
        let info = status.get_details_error_info();
        let reason = info.as_ref().map_or("", |info| &info.reason);
        let end = info.as_ref().and_then(|info| info.metadata.get("end_reason")).map_or("", String::as_str);
        match (reason, end, status.code()) {
            ("SESSION_NOT_FOUND", ..) | ("SESSION_ENDED", "LINK_LOST" | "DECAYED", _) => {
                self.session.session_id.clear();
                self.beating.abort_all();
                Ok(())
            }
            ("MALFORMED_CURSOR", ..) => {
                self.cursor.clear();
                Ok(())
            }
            // The next Watch mends both.
            ("NO_OPEN_WATCH" | "SESSION_LOST", ..) => Ok(()),
            (.., Code::Unauthenticated | Code::PermissionDenied | Code::InvalidArgument | Code::FailedPrecondition) => {
                Err(status)
            }
            _ => Ok(()),
        }
    }
}

/// Renews the lease at each interval, soon after a failure, and when the server asks for it. One call at a time.
async fn beat(mut service: Service, session: v1::LoginResponse, now: Arc<Notify>) {
    let interval = span(session.heartbeat_interval);
    let mut wait = interval;
    let mut bound = FIRST_BOUND;
    loop {
        let asked = timeout(wait, now.notified()).await.is_ok();
        let request = v1::HeartbeatRequest { session_id: session.session_id.clone() };
        let renewed = bounded(service.heartbeat(request)).await.is_ok();
        if renewed && asked {
            println!("heartbeat");
        }
        wait = if renewed { interval } else { between(Duration::ZERO, bound) };
        bound = if renewed { FIRST_BOUND } else { interval.min(2 * bound) };
    }
}

/// A unary call has a deadline of its own; a Watch must have none. That of `Request::set_timeout` ends with headers.
async fn bounded<T>(call: impl Future<Output = Result<Response<T>, Status>>) -> Result<T, Status> {
    let answer = timeout(CALL_TIMEOUT, call).await;
    Ok(answer.map_err(|_| Status::deadline_exceeded("no answer in time"))??.into_inner())
}

fn quoted(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    if text.is_empty() { String::new() } else { format!(" \"{escaped}\"") }
}

fn span(duration: Option<prost_types::Duration>) -> Duration {
    duration.and_then(|duration| duration.try_into().ok()).unwrap_or_default()
}

fn between(least: Duration, most: Duration) -> Duration {
    least + most.saturating_sub(least).mul_f64(fastrand::f64())
}

trait Named: TryFrom<i32> {
    fn name(&self) -> &'static str;
}

macro_rules! named {
    ($($kind:ident),*) => { $(impl Named for v1::$kind { fn name(&self) -> &'static str { self.as_str_name() } })* };
}
named!(OnlineStatus, ResumeResult, SubscriptionEndReason, WatchEndReason);

/// The name of an enum value without its prefix; its number where this client is older than the server.
fn word<E: Named>(value: i32, prefix: &str) -> String {
    E::try_from(value).map_or(value.to_string(), |known| known.name().trim_start_matches(prefix).into())
}
