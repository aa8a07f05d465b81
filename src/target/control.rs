//! Requests that steer or watch the target: invalidation, figures, admin. They suffer no illness.

use http_body_util::{BodyExt, Limited};
use hyper::Request;
use hyper::body::Incoming;

use super::admin::{self, Change};
use super::answer::{Answer, Note, Status};
use super::cache::Layer;
use super::exposition;
use super::route::{Route, Verb};
use super::service::not_allowed;
use super::stats::Stats;
use super::velro::Velro;

/// The largest body read, in bytes.
const MAX_BODY: usize = 64 * 1024;
const NO_CONTROL: Answer = Answer::fixed(Status::NotFound, r#"{"error":"not found"}"#);

/// The answer to a control request.
pub(super) async fn answer(velro: &Velro, route: Route, request: Request<Incoming>) -> Answer {
    let (head, body) = request.into_parts();
    let Ok(body) = Limited::new(body, MAX_BODY).collect().await else {
        return fault("the body is unreadable or larger than 64 KiB");
    };
    match (head.uri.path(), route.verb) {
        ("/metrics", Verb::Get) => metrics(velro),
        ("/stats", Verb::Get) => Answer::json(Status::Ok, &Stats::of(velro)),
        ("/admin/state", Verb::Get) => Answer::json(Status::Ok, &admin::state(velro)),
        ("/admin/ill", Verb::Post) => fall_ill(velro, &body.to_bytes()),
        ("/admin/reset", Verb::Post) => {
            velro.heal();
            Answer::json(Status::Ok, &admin::state(velro))
        }
        ("/metrics" | "/stats" | "/admin/state", _) => not_allowed("GET"),
        ("/admin/ill" | "/admin/reset", _) => not_allowed("POST"),
        (path, verb) => {
            path.strip_prefix("/cache").map_or(NO_CONTROL, |layer| invalidate(velro, verb, layer))
        }
    }
}

fn invalidate(velro: &Velro, verb: Verb, path: &str) -> Answer {
    let asked = |layer: &Layer| path.is_empty() || path.strip_prefix('/') == Some(layer.name());
    let layers: Vec<Layer> = Layer::ALL.into_iter().filter(asked).collect();
    if layers.is_empty() {
        return NO_CONTROL;
    }
    if verb != Verb::Delete {
        return not_allowed("DELETE");
    }
    for layer in &layers {
        velro.cache.clear(*layer);
    }
    let names: Vec<&str> = layers.into_iter().map(Layer::name).collect();
    Answer::json(Status::Ok, &serde_json::json!({ "invalidated": names }))
}

fn metrics(velro: &Velro) -> Answer {
    match exposition::text(&Stats::of(velro)) {
        Ok(text) => Answer::made(Status::Ok, text).noting(Note::Text),
        Err(error) => Answer::json(Status::InternalError, &serde_json::json!({ "error": error.to_string() })),
    }
}

fn fall_ill(velro: &Velro, body: &[u8]) -> Answer {
    match Change::parse(body) {
        Ok(change) => {
            change.apply(velro);
            Answer::json(Status::Ok, &admin::state(velro))
        }
        Err(error) => fault(&error.to_string()),
    }
}

fn fault(what: &str) -> Answer {
    Answer::json(Status::BadRequest, &serde_json::json!({ "error": what }))
}
