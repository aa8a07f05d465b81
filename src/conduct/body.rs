//! What a request beside the load carries: nothing in it changes from one to the next.

use std::borrow::Cow;

use crate::plan::template::{Name, Part, Template};
use crate::plan::{Body, Boundary, Data, Multipart, PartContent, Plan};

/// A body, and what its Content-Type says.
pub(super) struct Made {
    pub(super) content_type: String,
    pub(super) bytes: Vec<u8>,
}

/// The body with what the spec and its files hold.
pub(super) fn made(body: &Body, plan: &Plan, data: &Data) -> Made {
    match body {
        Body::Written(body) => Made {
            content_type: body.content_type.to_owned(),
            bytes: constant(&body.content, plan).into_bytes(),
        },
        Body::File { file, content_type } => {
            Made { content_type: (*content_type).to_owned(), bytes: data.body(file).to_vec() }
        }
        Body::Multipart(form) => multipart(form, plan, data),
    }
}

fn multipart(form: &Multipart, plan: &Plan, data: &Data) -> Made {
    let parts: Vec<Vec<u8>> = form.parts.iter().map(|part| self::part(part, plan, data)).collect();
    let boundary: Boundary = form.boundary(|boundary| parts.iter().any(|part| boundary.is_in(part)));
    let mut bytes = Vec::new();
    for (number, part) in parts.iter().enumerate() {
        bytes.extend_from_slice(boundary.before(number).as_bytes());
        bytes.extend_from_slice(part);
    }
    bytes.extend_from_slice(boundary.end().as_bytes());
    Made { content_type: boundary.content_type(), bytes }
}

fn part(part: &crate::plan::Part, plan: &Plan, data: &Data) -> Vec<u8> {
    let mut bytes = constant(&part.head, plan).into_bytes();
    match &part.content {
        PartContent::Text(text) => bytes.extend_from_slice(constant(text, plan).as_bytes()),
        PartContent::File(file) => bytes.extend_from_slice(data.body(file)),
    }
    bytes
}

/// The text of a template in which the plan allows variables of the test only.
pub(super) fn constant(template: &Template, plan: &Plan) -> String {
    let parts = template.parts.iter().map(|part| match part {
        Part::Text(text) => Cow::Borrowed(text.as_str()),
        Part::Slot(Name::Variable(name), encoding) => match plan.variables.get(name) {
            Some(value) => encoding.written(value),
            None => unreachable!("the plan has checked that preflight names variables of the test"),
        },
        Part::Slot(..) => unreachable!("the plan refuses other names in preflight"),
    });
    parts.collect()
}
