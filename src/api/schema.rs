//! The shapes that several fields share, as schemas: durations, rates, names, values of any type.

use schemars::{Schema, SchemaGenerator, json_schema};

use super::rules;

pub(super) const HOST_NAME: &str = "^[A-Za-z0-9._-]+$";
/// What the address of a proxy may be.
pub(super) const PROXY: &str = "^http://[A-Za-z0-9._-]+(:[0-9]+)?/?$";
/// What the name of a header may consist of (RFC 9110).
pub(super) const HEADER_NAME: &str = "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$";
/// What a media type may consist of; nothing is filled in there.
pub(super) const MEDIA_TYPE: &str = "^[ -#%-~]+/[ -#%-~]+$";

/// What the address of a token endpoint may be: it may have a query (RFC 6749, 3.2).
pub(super) const TOKEN_URL: &str = r"^[Hh][Tt][Tt][Pp][Ss]?://[^\s/?#@\\]+([/?][^\s#\\]*)?$";
/// What a scope may consist of (RFC 6749, 3.3).
const SCOPE: &str = r"^[!#-\[\]-~]+$";

/// A length of time: one or more numbers with a unit, such as `7m30s`.
pub(super) fn duration(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "string", "maxLength": 32, "pattern": r"^([0-9]+(\.[0-9]+)?(us|ms|s|m|h))+$",
        "x-kubernetes-validations": rules::duration(),
    })
}

/// A length of time, a range of them, or what one is drawn from: `normal(2s, 500ms)`.
pub(super) fn pause(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "string", "maxLength": 80, "pattern": r"^([0-9]|exponential[(]|normal[(])[0-9a-z., ()]*$",
        "x-kubernetes-validations": rules::pause(),
    })
}

/// Events per unit of time: `100/s`, `6000/m`, `5/h`, `2/day`.
pub(super) fn rate(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "string", "maxLength": 32, "pattern": r"^[0-9]+(\.[0-9]+)?/(s|m|h|day)$",
        "x-kubernetes-validations": rules::rate(),
    })
}

/// The same, or none of them: `0/s`.
pub(super) fn rate_or_none(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "string", "maxLength": 32, "pattern": r"^[0-9]+(\.[0-9]+)?/(s|m|h|day)$",
        "x-kubernetes-validations": rules::rate_or_none(),
    })
}

/// How likely something is: `0.5%`.
pub(super) fn probability(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "string", "maxLength": 16, "pattern": r"^[0-9]+(\.[0-9]+)?%$",
        "x-kubernetes-validations": rules::probability(),
    })
}

/// A place in a phase: a share of it, or a time from its start.
pub(super) fn moment(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "string", "maxLength": 32,
        "pattern": r"^([0-9]+(\.[0-9]+)?%|([0-9]+(\.[0-9]+)?(us|ms|s|m|h))+)$",
        "x-kubernetes-validations": rules::moment(),
    })
}

/// One group with one of its keys, or with `each`.
pub(super) fn group_key(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "object", "minProperties": 1, "maxProperties": 1,
        "additionalProperties": {"type": "string", "minLength": 1, "maxLength": 64},
    })
}

/// A name that stands in metrics, selectors and templates.
pub(super) fn name(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "string", "minLength": 1, "maxLength": 63, "pattern": r"^[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?$"})
}

/// One name as it stands in a template, and nothing else: `${token}`.
pub(super) fn single_name(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "string", "maxLength": 140, "pattern": r"^\$\{[^{}]+\}$"})
}

/// Up to 32 names of the spec.
pub(super) fn names(generator: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "array", "maxItems": 32, "items": name(generator)})
}

/// A condition on a figure: an operator and a quantity, or a range.
pub(super) fn limit(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "string", "minLength": 1, "maxLength": 64})
}

/// Any JSON value; its type is kept.
pub(super) fn any(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"x-kubernetes-preserve-unknown-fields": true})
}

/// A map of at most 64 names to values of any type.
pub(super) fn values(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "object", "maxProperties": 64,
        "additionalProperties": {"x-kubernetes-preserve-unknown-fields": true},
    })
}

/// A map of at most 64 names to texts.
pub(super) fn texts(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "object", "maxProperties": 64, "additionalProperties": {"type": "string", "maxLength": 4096}})
}

/// Scopes of access tokens (RFC 6749, 3.3).
pub(super) fn scopes(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "array", "maxItems": 32,
        "items": {"type": "string", "minLength": 1, "maxLength": 256, "pattern": SCOPE},
    })
}

/// What a token endpoint is told beside what the grant says itself.
pub(super) fn token_params(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "object", "maxProperties": 16, "additionalProperties": {"type": "string", "maxLength": 4096},
        "x-kubernetes-validations": rules::token_params(),
    })
}

/// Statuses as numbers (`200`) or families (`2xx`).
pub(super) fn statuses(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "array", "minItems": 1, "maxItems": 32,
        "items": {
            "x-kubernetes-int-or-string": true, "anyOf": [{"type": "integer"}, {"type": "string"}], "maxLength": 3,
            "x-kubernetes-validations": [rules::status()],
        },
    })
}

/// Labels of Kubernetes objects.
pub(super) fn labels(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "object", "maxProperties": 32, "additionalProperties": {"type": "string", "maxLength": 63}})
}

/// Kubernetes' quantities: `500m`, `128Mi`, `2`.
pub(super) fn quantities(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "object", "maxProperties": 8,
        "additionalProperties": {
            "type": "string", "maxLength": 32, "pattern": r"^[0-9]+(\.[0-9]+)?(m|k|M|G|T|Ki|Mi|Gi|Ti)?$",
        },
    })
}
