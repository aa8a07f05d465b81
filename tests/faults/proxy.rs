//! Stands between the operator and the API server: notes what it asks for, kills it at one of its writes, and lets
//! messages pass as the weather is.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::Request;
use axum::http::request::Parts;
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use kube::Client;
use kube::client::Body as Sent;
use serde_json::json;
use tokio::sync::watch;

use crate::operator::Operator;
use crate::passing::{bad_gateway, passed_on, refused, request_to_send};
use crate::road::{Cut, Message, Road, carried};
use crate::watching::{Silences, gone, watched};
use crate::weather::Weather;
use crate::write::Write;
use crate::{LIMIT, within};

/// No request of the operator is larger.
const LARGEST: usize = 4 << 20;
/// When the operator is killed: on either side of the write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum When {
    /// The API server never hears of it.
    Before,
    /// It is done, and the operator never hears of that.
    After,
}

/// Where the operator is killed.
struct Trap {
    label: String,
    when: When,
    /// So many writes of the label are still to come, with the one that it springs at.
    left: usize,
    victim: Arc<Operator>,
}

/// What was asked for so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Heard {
    /// All writes, in order.
    pub(crate) writes: Vec<Write>,
    /// The paths that were read, in order.
    pub(crate) reads: Vec<String>,
    /// How many requests came.
    pub(crate) requests: usize,
    /// Requests that are under way; a watch is one until it is open.
    under_way: usize,
    /// The most that were so at once.
    pub(crate) most_at_once: usize,
    /// Requests that are held back.
    pub(crate) held_back: usize,
    /// The most that were so at once.
    pub(crate) most_held_back: usize,
    /// Whether the trap has sprung.
    has_sprung: bool,
}

/// A running proxy. Dropped, it ends.
pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    shared: Arc<Shared>,
    _road: Road,
}

struct Shared {
    client: Client,
    heard: watch::Sender<Heard>,
    trap: Mutex<Option<Trap>>,
    weather: Mutex<Arc<Weather>>,
    silences: Silences,
    /// The first list of each path that a watch began with.
    lists: Mutex<BTreeMap<String, Bytes>>,
    /// Writes whose label has this in it, and reads whose path has it, are held back as long as there is one.
    held_back: watch::Sender<Option<String>>,
    /// Whether somebody else writes the object just before each write on a version of it.
    overtakes: AtomicBool,
}

impl Proxy {
    /// To the API server as `client` sees it: what the operator may is what the client may.
    pub(crate) async fn start(client: Client) -> Self {
        let shared = Arc::new(Shared {
            client,
            heard: watch::Sender::new(Heard::default()),
            trap: Mutex::default(),
            weather: Mutex::new(Arc::new(Weather::clear())),
            silences: Silences::default(),
            lists: Mutex::default(),
            held_back: watch::Sender::new(None),
            overtakes: AtomicBool::new(false),
        });
        let handler = Arc::clone(&shared);
        let road = Road::open(move |request| answer(Arc::clone(&handler), request)).await;
        Proxy { address: road.address, shared, _road: road }
    }

    pub(crate) fn weather(&self, weather: Weather) {
        if weather.is_silent() {
            self.shared.silences.begins();
        }
        *self.shared.weather.lock().unwrap() = Arc::new(weather);
    }

    /// Kills `victim` at the write of this label that is the `nth`, from 1.
    pub(crate) fn arm(&self, label: &str, nth: usize, when: When, victim: Arc<Operator>) {
        *self.shared.trap.lock().unwrap() = Some(Trap { label: label.to_owned(), when, left: nth, victim });
    }

    /// Holds back all writes whose label has this in it, and all reads whose path has; none: lets those go that are held back.
    pub(crate) fn hold_back(&self, part: Option<&str>) {
        self.shared.held_back.send_replace(part.map(str::to_owned));
    }

    /// From now on somebody is always faster: writes on a version of a test come too late.
    pub(crate) fn overtakes(&self) {
        self.shared.overtakes.store(true, Ordering::Relaxed);
    }

    /// Waits until the trap has sprung and nothing that the dead operator sent is still under way, or until what was
    /// written is so. Whether it has sprung.
    pub(crate) async fn has_killed_or(&self, what: &str, is: impl Fn(&[Write]) -> bool) -> bool {
        let done = |heard: &Heard| heard.under_way == 0 && (heard.has_sprung || is(&heard.writes));
        self.heard(what, done).await.has_sprung
    }

    /// Waits until what was asked for is so.
    pub(crate) async fn heard(&self, what: &str, is: impl FnMut(&Heard) -> bool) -> Heard {
        let mut heard = self.shared.heard.subscribe();
        within(LIMIT, what, heard.wait_for(is)).await.unwrap().clone()
    }

    /// What is asked for, until the proxy ends and as it was then.
    pub(crate) fn hearing(&self) -> watch::Receiver<Heard> {
        self.shared.heard.subscribe()
    }

    /// What was asked for so far.
    pub(crate) fn so_far(&self) -> Heard {
        self.shared.heard.borrow().clone()
    }
}

/// In a task of its own: what was sent arrives, also where its sender is dead by then.
async fn answer(shared: Arc<Shared>, request: Request) -> Result<Response, Cut> {
    shared.heard.send_modify(|heard| {
        heard.under_way += 1;
        heard.most_at_once = heard.most_at_once.max(heard.under_way);
        heard.requests += 1;
    });
    let done = {
        let shared = Arc::clone(&shared);
        tokio::spawn(async move {
            let answer = shared.carry(request).await;
            shared.heard.send_modify(|heard| heard.under_way -= 1);
            answer
        })
    };
    done.await.unwrap()
}

impl Shared {
    async fn carry(self: &Arc<Self>, request: Request) -> Result<Response, Cut> {
        let message = Message::read(request).await?;
        let weather = Arc::clone(&self.weather.lock().unwrap());
        let fate = weather.fate(message.path());
        let bring = |message| Arc::clone(self).bring(message, Arc::clone(&weather));
        carried(message, fate, bring, refused).await
    }

    async fn bring(self: Arc<Self>, message: Message, weather: Arc<Weather>) -> Result<Response, Cut> {
        let asks = |what: &str| message.parts.uri.query().is_some_and(|query| query.contains(what));
        Ok(if asks("watch=") {
            self.watch(message, weather).await
        } else if asks("limit=") {
            // Watches begin with pages of a list; other lists are asked for in one.
            self.list(message, &weather).await
        } else {
            self.pass(message).await
        })
    }

    /// A watch, or the list that one begins with.
    async fn watch(&self, message: Message, weather: Arc<Weather>) -> Response {
        if weather.is_too_old() {
            return gone().into_response();
        }
        watched(self.pass(message).await, weather, self.silences.clone())
    }

    /// A list that a watch begins with; from before, where the weather has it so.
    async fn list(&self, message: Message, weather: &Weather) -> Response {
        let path = message.path().to_owned();
        let before = self.lists.lock().unwrap().get(&path).cloned();
        if let Some(before) = before.filter(|_| weather.is_stale()) {
            return before.into_response();
        }
        let (parts, body) = self.pass(message).await.into_parts();
        let body = to_bytes(body, LARGEST).await.unwrap_or_default();
        self.lists.lock().unwrap().entry(path).or_insert_with(|| body.clone());
        Response::from_parts(parts, Body::from(body))
    }

    async fn pass(&self, Message { parts, body }: Message) -> Response {
        let write = Write::of(&parts.method, parts.uri.path(), &body);
        if let Some(trap) = write.as_ref().and_then(|write| self.trap(write, When::Before)) {
            return self.spring(&trap).await;
        }
        self.lets_go(write.as_ref().map_or(parts.uri.path(), |write| &write.label)).await;
        self.overtake(&parts, &body).await;
        let path = (parts.method == Method::GET).then(|| parts.uri.path().to_owned());
        let answer = self.client.send(request_to_send(&parts, body)).await;
        let answer = answer.map_or_else(|error| bad_gateway(&error), passed_on);
        self.heard.send_modify(|heard| heard.reads.extend(path));
        let Some(write) = write else { return answer };
        let write = Write { answer: answer.status().as_u16(), ..write };
        self.heard.send_modify(|heard| heard.writes.push(write.clone()));
        match self.trap(&write, When::After) {
            Some(trap) => self.spring(&trap).await,
            None if parts.method == Method::POST && write.is_done() && self.is_deaf() => refused(504),
            None => answer,
        }
    }

    /// Waits until what is called so isn't held back any more.
    async fn lets_go(&self, label: &str) {
        let mut held_back = self.held_back.subscribe();
        let is_free = |part: &Option<String>| part.as_ref().is_none_or(|part| !label.contains(part));
        if !is_free(&held_back.borrow()) {
            self.heard.send_modify(|heard| {
                heard.held_back += 1;
                heard.most_held_back = heard.most_held_back.max(heard.held_back);
            });
            held_back.wait_for(is_free).await.unwrap();
            self.heard.send_modify(|heard| heard.held_back -= 1);
        }
    }

    fn is_deaf(&self) -> bool {
        self.weather.lock().unwrap().is_deaf()
    }

    /// Changes an annotation of the test that is to be written on a version, if that is the weather.
    async fn overtake(&self, parts: &Parts, body: &[u8]) {
        let is_on_version = || {
            let body: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
            body["metadata"]["resourceVersion"].is_string()
        };
        let path = parts.uri.path().trim_end_matches("/status");
        if self.overtakes.load(Ordering::Relaxed) && path.contains("/loadtests/") && is_on_version() {
            let note = json!({"metadata": {"annotations": {"loadgate.test/faster": uuid::Uuid::new_v4()}}});
            let request = axum::http::Request::patch(path)
                .header(header::CONTENT_TYPE, "application/merge-patch+json")
                .body(Sent::from(note.to_string().into_bytes()));
            let answer = self.client.send(request.unwrap()).await.unwrap();
            assert!(answer.status().is_success(), "{answer:?}");
        }
    }

    /// The trap, if this is where it springs; it does so once.
    fn trap(&self, write: &Write, when: When) -> Option<Trap> {
        let is_there = when == When::Before || write.is_done();
        self.trap.lock().unwrap().take_if(|trap| {
            let is_one = is_there && trap.when == when && trap.label == write.label;
            trap.left -= usize::from(is_one);
            trap.left == 0
        })
    }

    async fn spring(&self, trap: &Trap) -> Response {
        trap.victim.kill().await;
        self.heard.send_modify(|heard| heard.has_sprung = true);
        // Nobody is there to read it.
        StatusCode::GONE.into_response()
    }
}
