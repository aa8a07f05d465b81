//! What a request carries.

use super::Place;
use super::multipart::Multipart;
use crate::plan::template::{self, Name, Template};

/// The body of a request.
#[derive(Clone, Debug)]
pub enum Body {
    /// Given in the spec.
    Written(template::Body),
    /// Outside, and sent as it is.
    File {
        /// The bytes.
        file: FileBody,
        /// The value of Content-Type, unless the request's own headers have one.
        content_type: &'static str,
    },
    /// A form of several parts.
    Multipart(Multipart),
}

/// Bytes that stand outside the spec, and are sent as they are.
#[derive(Clone, Debug)]
pub struct FileBody {
    /// Where they are.
    pub place: Place,
    /// The field path.
    pub path: String,
}

impl Body {
    /// The form of several parts that it is.
    #[must_use]
    pub fn multipart(&self) -> Option<&Multipart> {
        match self {
            Body::Multipart(multipart) => Some(multipart),
            Body::Written(_) | Body::File { .. } => None,
        }
    }

    /// What of it stands outside the spec.
    pub fn files(&self) -> impl Iterator<Item = &FileBody> {
        let whole = match self {
            Body::File { file, content_type: _ } => Some(file),
            Body::Written(_) | Body::Multipart(_) => None,
        };
        whole.into_iter().chain(self.multipart().into_iter().flat_map(Multipart::files))
    }

    /// Each name in it.
    pub fn names(&self) -> impl Iterator<Item = &Name> {
        let whole = match self {
            Body::Written(body) => Some(&body.content),
            Body::File { .. } | Body::Multipart(_) => None,
        };
        let parts = self.multipart().into_iter().flat_map(Multipart::templates);
        whole.into_iter().chain(parts).flat_map(Template::names)
    }
}
