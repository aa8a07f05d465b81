//! Bodies as bytes and slots, and what their Content-Type says.

use std::borrow::Cow;

use super::compile::Constants;
use super::pieces::{Pieces, Place};
use crate::plan::{Body, Multipart, Part, PartContent};

/// A body, and the value of Content-Type, unless the request's own headers have one.
pub(super) struct Carried {
    pub(super) content_type: Cow<'static, str>,
    pub(super) content: Pieces,
}

impl Carried {
    pub(super) fn new(body: &Body, constants: &Constants<'_>) -> Self {
        match body {
            Body::Written(body) => Carried {
                content_type: Cow::Borrowed(body.content_type),
                content: Pieces::new(&body.content, Place::Anywhere, constants),
            },
            Body::File { file, content_type } => Carried {
                content_type: Cow::Borrowed(content_type),
                content: Pieces::raw(constants.data.body(file)),
            },
            Body::Multipart(form) => Carried::multipart(form, constants),
        }
    }

    fn multipart(form: &Multipart, constants: &Constants<'_>) -> Self {
        let parts: Vec<[Pieces; 2]> =
            form.parts.iter().map(|part| head_and_content(part, constants)).collect();
        let boundary = form.boundary(|boundary| {
            parts.iter().flatten().any(|pieces| pieces.any_fixed(|bytes| boundary.is_in(bytes)))
        });
        let mut content = Pieces::empty();
        for (number, pieces) in parts.into_iter().enumerate() {
            content.text(&boundary.before(number));
            // One by one, so that no file is searched for each request: no boundary begins in a head and ends behind it.
            for pieces in pieces {
                content.append_without(&boundary, pieces);
            }
        }
        content.text(&boundary.end());
        Carried { content_type: Cow::Owned(boundary.content_type()), content }
    }
}

fn head_and_content(part: &Part, constants: &Constants<'_>) -> [Pieces; 2] {
    let head = Pieces::new(&part.head, Place::Anywhere, constants);
    let content = match &part.content {
        PartContent::Text(text) => Pieces::new(text, Place::Anywhere, constants),
        PartContent::File(file) => Pieces::raw(constants.data.body(file)),
    };
    [head, content]
}
