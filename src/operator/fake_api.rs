//! An API server in memory, for tests of what talks to one: it keeps objects by their paths, with resourceVersions.
//! It is called, not connected to, so that time can be paused. What it is told to do wrong, it does.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::to_bytes;
use axum::extract::Request;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

/// The server; clones are the same one.
#[derive(Clone, Default)]
pub(crate) struct FakeApi(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    objects: BTreeMap<String, Value>,
    version: u64,
    ill: Ill,
    calls: Vec<String>,
    /// What it says of tokens; of any other it says nothing.
    tokens: BTreeMap<String, Value>,
    /// What it won't have: a method and a path.
    forbidden: Option<String>,
    /// What it never answers: a method and a path.
    silent: Option<String>,
    /// What its definition doesn't know of a status.
    unknown: &'static [&'static str],
    /// How long each answer takes.
    pace: Duration,
}

/// What is wrong with it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) enum Ill {
    #[default]
    Healthy,
    /// Answers each call with this status, and does nothing.
    Refuses(u16),
    /// Never answers.
    Hangs,
    /// Does what it is told and doesn't answer.
    Mute,
    /// Somebody else writes the object just before each of the next so many updates.
    Stormy(u32),
}

impl FakeApi {
    pub(crate) fn client(&self) -> kube::Client {
        let api = self.clone();
        kube::Client::new(Router::new().fallback(move |request| api.clone().answer(request)), "default")
    }

    pub(crate) fn falls_ill(&self, ill: Ill) {
        self.with(|inner| inner.ill = ill);
    }

    /// From now on it won't have this method on this path.
    pub(crate) fn forbids(&self, call: &str) {
        self.with(|inner| inner.forbidden = Some(call.to_owned()));
    }

    /// From now on it never answers this method on this path.
    pub(crate) fn is_silent_about(&self, call: &str) {
        self.with(|inner| inner.silent = Some(call.to_owned()));
    }

    /// From now on it drops these fields of each status.
    pub(crate) fn drops(&self, fields: &'static [&'static str]) {
        self.with(|inner| inner.unknown = fields);
    }

    /// From now on it takes its time before it does what it is told.
    pub(crate) fn takes(&self, pace: Duration) {
        self.with(|inner| inner.pace = pace);
    }

    pub(crate) fn object(&self, path: &str) -> Option<Value> {
        self.with(|inner| inner.objects.get(path).cloned())
    }

    /// Writes past all who guard their updates.
    pub(crate) fn put(&self, path: &str, object: Value) {
        self.with(|inner| inner.store(path, object));
    }

    /// From now on, this is the status of a review of `token`.
    pub(crate) fn knows(&self, token: &str, status: Value) {
        self.with(|inner| inner.tokens.insert(token.to_owned(), status));
    }

    pub(crate) fn delete(&self, path: &str) {
        self.with(|inner| inner.objects.remove(path));
    }

    /// The methods and paths called since the last time this was asked.
    pub(crate) fn calls(&self) -> Vec<String> {
        self.with(|inner| std::mem::take(&mut inner.calls))
    }

    fn with<T>(&self, act: impl FnOnce(&mut Inner) -> T) -> T {
        act(&mut self.0.lock().unwrap())
    }

    async fn answer(self, request: Request) -> Response {
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let is_list = request.uri().query().is_some_and(|query| query.contains("Selector="));
        let bytes = to_bytes(request.into_body(), 1 << 20).await.unwrap();
        let body = serde_json::from_slice(&bytes).unwrap_or_default();
        tokio::time::sleep(self.with(|inner| inner.pace)).await;
        let call = format!("{method} {path}");
        let (ill, is_forbidden, is_silent) = self.with(|inner| {
            inner.calls.push(call.clone());
            let is = |told: &Option<String>| told.as_ref() == Some(&call);
            (inner.ill, is(&inner.forbidden), is(&inner.silent))
        });
        if is_silent {
            std::future::pending::<()>().await;
        }
        if is_forbidden {
            return failure(403, "Forbidden");
        }
        if is_list {
            return self.with(|inner| inner.list(&path));
        }
        match ill {
            Ill::Healthy => self.with(|inner| inner.act(&method, &path, body)),
            Ill::Refuses(code) => failure(code, "InternalError"),
            Ill::Hangs => std::future::pending().await,
            Ill::Stormy(_) => self.with(|inner| inner.act_in_a_storm(&method, &path, body)),
            Ill::Mute => {
                self.with(|inner| inner.act(&method, &path, body));
                std::future::pending().await
            }
        }
    }
}

impl Inner {
    fn act_in_a_storm(&mut self, method: &Method, path: &str, body: Value) -> Response {
        if let (Ill::Stormy(left @ 1..), &Method::PUT) = (self.ill, method) {
            self.ill = Ill::Stormy(left - 1);
            let path = path.trim_end_matches("/status");
            let object = self.objects[path].clone();
            self.store(path, object);
        }
        self.act(method, path, body)
    }

    fn act(&mut self, method: &Method, path: &str, mut body: Value) -> Response {
        // Nobody changes both at once.
        let path = path.trim_end_matches("/status");
        let named = format!("{path}/{}", body["metadata"]["name"].as_str().unwrap_or_default());
        let is_there = |path: &str| self.objects.contains_key(path);
        match *method {
            Method::GET if is_there(path) => axum_json(&self.objects[path]),
            Method::POST if path.ends_with("/tokenreviews") => {
                let known = body["spec"]["token"].as_str().and_then(|token| self.tokens.get(token));
                body["status"] = known.cloned().unwrap_or_else(|| json!({"authenticated": false}));
                axum_json(&body)
            }
            Method::POST if is_there(&named) => failure(409, "AlreadyExists"),
            Method::POST => axum_json(&self.store(&named, body)),
            Method::PUT if is_there(path) && self.is_current(path, &body) => {
                axum_json(&self.store(path, body))
            }
            Method::PUT if is_there(path) => failure(409, "Conflict"),
            Method::DELETE if is_there(path) => axum_json(&self.objects.remove(path).unwrap()),
            Method::PATCH if is_there(path) && body.is_object() => {
                let mut object = self.objects[path].clone();
                object["metadata"]["finalizers"] = body["metadata"]["finalizers"].take();
                axum_json(&self.store(path, object))
            }
            Method::PATCH if is_there(path) && body.is_array() => match patched(&self.objects[path], &body) {
                Some(object) => axum_json(&self.store(path, object)),
                None => failure(422, "Invalid"),
            },
            _ => failure(404, "NotFound"),
        }
    }

    /// All that are there, whatever their labels.
    fn list(&self, path: &str) -> Response {
        let inside = format!("{path}/");
        let items: Vec<&Value> = self
            .objects
            .iter()
            .filter(|(place, _)| place.starts_with(&inside))
            .map(|(_, item)| item)
            .collect();
        axum_json(&json!({"kind": "List", "apiVersion": "v1", "metadata": {}, "items": items}))
    }

    fn is_current(&self, path: &str, body: &Value) -> bool {
        let version = |object: &Value| object["metadata"]["resourceVersion"].clone();
        version(body) == version(&self.objects[path])
    }

    fn store(&mut self, path: &str, mut object: Value) -> Value {
        self.version += 1;
        object["metadata"]["resourceVersion"] = json!(self.version.to_string());
        if let Some(status) = object["status"].as_object_mut() {
            status.retain(|name, _| !self.unknown.contains(&name.as_str()));
        }
        self.objects.insert(path.to_owned(), object.clone());
        object
    }
}

/// By a JSON patch of tests and additions; none: a test failed.
fn patched(object: &Value, patch: &Value) -> Option<Value> {
    let mut object = object.clone();
    for operation in patch.as_array()? {
        let (place, value) = (operation["path"].as_str()?, operation["value"].clone());
        match operation["op"].as_str()? {
            "test" => (object.pointer(place).unwrap_or(&Value::Null) == &value).then_some(())?,
            "add" => {
                let (parent, name) = place.rsplit_once('/')?;
                object.pointer_mut(parent)?[name] = value;
            }
            _ => return None,
        }
    }
    Some(object)
}

fn axum_json(object: &Value) -> Response {
    object.to_string().into_response()
}

fn failure(code: u16, reason: &str) -> Response {
    let status =
        json!({"kind": "Status", "status": "Failure", "code": code, "reason": reason, "message": reason});
    (StatusCode::from_u16(code).unwrap(), status.to_string()).into_response()
}
