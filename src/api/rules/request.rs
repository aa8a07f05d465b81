//! Rules of the target, of requests, their headers and checks, and of what is read from responses.

use schemars::Schema;
use serde_json::{Value, json};

use super::{RULES, any, at_most_one_of, has, rule, rule_at, some_of};

/// What follows the first `://` is the host; a later one is part of the path.
pub(in crate::api) fn base_url() -> Value {
    json!([
        rule("self.contains('://')", "has no scheme; write http://host:port"),
        rule(
            "self.matches('^(?i)https?://') || !self.contains('://')",
            "isn't spoken; write http://host:port"
        ),
        rule("!self.matches('^[^:/]*://([/:?#]|$)')", "has no host; write http://host:port"),
        rule("!self.matches('^[^:/]*://[^/?#]*:0+([/?#]|$)')", "port 0 can't be connected to"),
        rule(
            r"!self.matches('[\\p{Z}\\p{Cc}\\\\]')",
            "holds a space, backslash or control character; write http://host:port"
        ),
        rule(
            "!self.matches('^[^:/]*://[^/?#]*@')",
            "has a user name or password; send an Authorization header from a Secret instead"
        ),
        rule("!self.matches('^[^#]*[?]')", "has a query; give it to the requests that need it"),
        rule("!self.contains('#')", "has a fragment, which is never sent; leave it out"),
        rule("!self.contains('${')", "`${…}` isn't filled in here; write the address itself"),
    ])
}

/// What TLS is told is for https, and each request has one Authorization.
pub(in crate::api) fn target() -> Value {
    json!([
        rule_at(
            ".tls",
            "!has(self.tls) || self.baseUrl.matches('^(?i)https://')",
            "is for https; write https://host:port as baseUrl"
        ),
        rule_at(
            ".auth",
            "!has(self.auth) || !has(self.headers) || \
             !self.headers.exists(header, header.name.matches('^(?i)authorization$'))",
            "is given beside an Authorization of the target's headers; keep one"
        ),
    ])
}

/// Nobody is asked where any certificate will do.
pub(in crate::api) fn target_tls() -> Value {
    json!([rule_at(
        ".ca",
        "!has(self.ca) || !has(self.insecureSkipVerify) || !self.insecureSkipVerify",
        "isn't asked where insecureSkipVerify takes any certificate; keep one"
    )])
}

/// The fast client speaks nothing of what stands beside it.
pub(in crate::api) fn http() -> Value {
    let is_fast = "has(self.tier) && self.tier == 'fast'";
    json!([
        rule_at(
            ".tier",
            format!("!({is_fast}) || !has(self.version) || self.version == '1.1'"),
            "the fast client speaks HTTP/1.1 only; leave version out, or say auto"
        ),
        rule_at(
            ".tier",
            format!("!({is_fast}) || !has(self.redirects) || self.redirects == 0"),
            "the fast client follows no redirects; leave redirects out, or say auto"
        ),
        rule_at(
            ".tier",
            format!("!({is_fast}) || !has(self.proxy)"),
            "the fast client knows no proxy; leave proxy out, or say auto"
        ),
    ])
}

pub(in crate::api) fn request() -> Value {
    let bodies = ["json", "text", "form", "multipart", "file"];
    let body = any(&bodies);
    json!([
        at_most_one_of(&bodies, "has more than one body; keep one of json, text, form, multipart and file"),
        rule(
            format!("has(self.method) || !({body})"),
            "method is missing, and there is a body; say POST, PUT, PATCH or what is meant"
        ),
        rule_at(
            ".method",
            format!("!has(self.method) || self.method != 'HEAD' || !({body})"),
            "HEAD has no body; leave the body out"
        ),
        rule_at(
            ".headers",
            "!has(self.multipart) || !has(self.headers) || \
             !self.headers.exists(one, one.name.lowerAscii() == 'content-type')",
            "multipart has a Content-Type of its own, which tells the boundary; leave it out"
        ),
    ])
}

pub(in crate::api) fn part() -> Value {
    let contents = ["text", "file"];
    json!([
        some_of(&contents, "needs a text or a file"),
        at_most_one_of(&contents, "has both text and file; keep one")
    ])
}

pub(in crate::api) fn path() -> Value {
    json!([
        rule("self.startsWith('/')", "must begin with `/`; it is appended to spec.target.baseUrl"),
        rule(
            "!self.contains('#')",
            "holds a `#`; what is behind it is never sent, so leave it out or write %23"
        ),
        rule(
            "self.matches('^([$][{][^}]*[}]|[!-~])*$')",
            "holds a space, a control character or one beyond ASCII; percent-encode it (%20)"
        ),
    ])
}

pub(in crate::api) fn header() -> Value {
    json!([
        some_of(&["value", "valueFrom"], "needs a value or a valueFrom"),
        at_most_one_of(&["value", "valueFrom"], "has both value and valueFrom; keep one"),
    ])
}

/// What frames the message, and what becomes of its connection, is the engine's.
pub(in crate::api) fn own_header_name() -> Value {
    let ours = "['content-length', 'transfer-encoding', 'connection', 'keep-alive', 'proxy-connection', 'upgrade', \
                'te', 'trailer', 'expect']";
    json!([rule(
        format!("!(self.lowerAscii() in {ours})"),
        "can't be set: the engine frames each message and keeps its connections itself"
    )])
}

/// Headers that would make a request servers refuse, were they given twice.
pub(in crate::api) fn headers(list: &mut Schema) {
    let single = |name: &str| {
        rule(
            format!("self.filter(one, one.name.lowerAscii() == '{name}').size() <= 1"),
            &format!("`{name}` is given twice; keep one"),
        )
    };
    list.insert(RULES.to_owned(), json!([single("host"), single("content-type")]));
}

pub(in crate::api) fn status() -> Value {
    rule(
        "type(self) == int ? self >= 100 && self <= 599 : self.matches('^[1-5]([0-9][0-9]|xx)$')",
        "isn't a status: 100 to 599, or a family such as 2xx",
    )
}

pub(in crate::api) fn check() -> Value {
    let subjects = ["status", "jsonPath", "header", "bodyContains", "latency"];
    let conditions = ["exists", "equals", "matches", "is"];
    let takes_condition = any(&["jsonPath", "header"]);
    json!([
        some_of(&subjects, "checks nothing; give it status, jsonPath, header, bodyContains or latency"),
        at_most_one_of(&subjects, "checks several at once; make a check of each"),
        rule(
            format!("{takes_condition} || !({})", any(&conditions)),
            "exists, equals, matches and is: each goes with jsonPath or header only"
        ),
        rule(
            format!("!({takes_condition}) || {}", any(&conditions)),
            "has no condition; give it one of exists, equals, matches and is"
        ),
        at_most_one_of(
            &conditions,
            "has more than one of the conditions; keep one of exists, equals, matches and is"
        ),
        rule_at(
            ".is",
            "!has(self.header) || !has(self.is)",
            "goes with jsonPath only; a header takes exists, equals or matches"
        ),
    ])
}

pub(in crate::api) fn extract() -> Value {
    let sources = ["jsonPath", "header", "regex"];
    json!([
        some_of(&sources, "takes nothing; give it jsonPath, header or regex"),
        rule(
            "!has(self.jsonPath) || (!has(self.header) && !has(self.regex))",
            "takes several at once; keep one of jsonPath, header and regex, or a regex with its header"
        ),
    ])
}

/// What is read from a header or from a JSON path.
pub(in crate::api) fn source() -> Value {
    Value::from(source_rules())
}

fn source_rules() -> Vec<Value> {
    vec![
        some_of(&["header", "jsonPath"], "needs a header or a jsonPath to read from"),
        at_most_one_of(&["header", "jsonPath"], "has both header and jsonPath; keep one"),
    ]
}

pub(in crate::api) fn error_rule() -> Value {
    let mut rules = source_rules();
    rules.push(rule(
        format!("{} || has(self.matches)", has("equals")),
        "has no condition; give it equals or matches",
    ));
    rules.push(at_most_one_of(&["equals", "matches"], "has both equals and matches; keep one"));
    Value::from(rules)
}
