//! Bodies of requests: JSON, plain text, forms.

use serde_json::Value;

use super::compile::{compile, single_name};
use super::{Body, Compiler, Encoding, Scope, Template};
use crate::plan::fault::At;

/// A JSON body. A value that is one `${name}` and nothing else keeps the type of what it names.
pub(crate) fn json(value: &Value, scope: &Scope, at: &At) -> Body {
    let mut compiler = Compiler::default();
    write_json(value, &mut compiler, scope, at);
    Body { content_type: "application/json", content: compiler.finish(), json: Some(value.clone()) }
}

/// A body of plain text.
pub(crate) fn text(text: &str, scope: &Scope, at: &At) -> Body {
    Body {
        content_type: "text/plain; charset=utf-8",
        content: compile(text, Encoding::Raw, scope, at),
        json: None,
    }
}

/// A form.
pub(crate) fn form<'t>(
    fields: impl IntoIterator<Item = (&'t String, &'t String)>,
    scope: &Scope,
    at: &At,
) -> Body {
    let content = pairs(fields, scope, at);
    Body { content_type: "application/x-www-form-urlencoded", content, json: None }
}

/// `name=value&name=value`, percent-encoded: a form, or a query.
pub(crate) fn pairs<'t>(
    fields: impl IntoIterator<Item = (&'t String, &'t String)>,
    scope: &Scope,
    at: &At,
) -> Template {
    let mut compiler = Compiler::default();
    for (index, (name, value)) in fields.into_iter().enumerate() {
        let at = at.field(name);
        compiler.literal(if index == 0 { "" } else { "&" });
        compiler.text(name, Encoding::Percent, scope, &at);
        compiler.literal("=");
        compiler.text(value, Encoding::Percent, scope, &at);
    }
    compiler.finish()
}

fn write_json(value: &Value, compiler: &mut Compiler, scope: &Scope, at: &At) {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => compiler.literal(&value.to_string()),
        Value::String(text) => match single_name(text) {
            Some(name) => {
                if let Some(name) = at.take(scope.resolve(name)) {
                    compiler.slot(name, Encoding::JsonValue);
                }
            }
            None => write_text(text, compiler, scope, at),
        },
        Value::Array(items) => {
            compiler.literal("[");
            for (index, item) in items.iter().enumerate() {
                compiler.literal(if index == 0 { "" } else { "," });
                write_json(item, compiler, scope, &at.item(index));
            }
            compiler.literal("]");
        }
        Value::Object(fields) => {
            compiler.literal("{");
            for (index, (name, field)) in fields.iter().enumerate() {
                let at = at.field(name);
                compiler.literal(if index == 0 { "" } else { "," });
                write_text(name, compiler, scope, &at);
                compiler.literal(":");
                write_json(field, compiler, scope, &at);
            }
            compiler.literal("}");
        }
    }
}

fn write_text(text: &str, compiler: &mut Compiler, scope: &Scope, at: &At) {
    compiler.literal("\"");
    compiler.text(text, Encoding::JsonText, scope, at);
    compiler.literal("\"");
}
