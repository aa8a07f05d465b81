//! Messages as they are passed on between the operator and the API server.

use axum::body::{Body, Bytes};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use kube::client::Body as Sent;
use serde_json::json;

/// What belongs to a connection is not passed on.
const OF_A_CONNECTION: [header::HeaderName; 5] = [
    header::HOST,
    header::CONNECTION,
    header::TRANSFER_ENCODING,
    header::CONTENT_LENGTH,
    header::AUTHORIZATION,
];

/// What is sent to the API server in place of what came.
pub(crate) fn request_to_send(parts: &Parts, body: Bytes) -> axum::http::Request<Sent> {
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let mut request = axum::http::Request::new(Sent::from(body));
    *request.method_mut() = parts.method.clone();
    *request.uri_mut() = path.parse().unwrap();
    *request.headers_mut() = without_connection(parts.headers.clone());
    request
}

/// Its answer, as it goes on to who asked.
pub(crate) fn passed_on(answer: axum::http::Response<Sent>) -> Response {
    let (mut parts, body) = answer.into_parts();
    parts.headers = without_connection(parts.headers);
    parts.extensions.clear();
    Response::from_parts(parts, Body::new(body))
}

fn without_connection(mut headers: HeaderMap) -> HeaderMap {
    for name in OF_A_CONNECTION {
        headers.remove(name);
    }
    headers
}

/// The answer where there was none.
pub(crate) fn bad_gateway(error: &kube::Error) -> Response {
    (StatusCode::BAD_GATEWAY, error.to_string()).into_response()
}

/// What stands in the way answers, as the API server does where it has enough to do.
pub(crate) fn refused(status: u16) -> Response {
    let message = "it is stormy";
    let told = json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": status, "message": message});
    let status = StatusCode::from_u16(status).unwrap();
    let mut response = (status, told.to_string()).into_response();
    if status == StatusCode::TOO_MANY_REQUESTS {
        response.headers_mut().insert(header::RETRY_AFTER, header::HeaderValue::from_static("1"));
    }
    response
}
