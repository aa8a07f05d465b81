//! `spec.target.tls`: what the target's certificate must be, and what the target is shown.

use crate::api;
use crate::plan::fault::At;
use crate::plan::model::{self, ClientCertificate, Pem, PemText, Tls};

use super::header::{Given, given};

/// TLS to a target at `host` that speaks it.
pub(super) fn tls(given: Option<&api::TargetTls>, host: &str, at: &At) -> Option<Tls> {
    let given = given.cloned().unwrap_or_default();
    let api::TargetTls { ca, client_certificate, server_name, insecure_skip_verify } = given;
    let verifies = insecure_skip_verify != Some(true);
    if let Some(name) = &server_name {
        let is_name = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
        at.field("serverName").require(name.chars().all(is_name), format!("`{name}` isn't a host's name"));
    }
    at.field("ca").require(
        verifies || ca.is_none(),
        "isn't asked where insecureSkipVerify takes any certificate; keep one",
    );
    let ca = ca.map(|ca| certificates(&ca, &at.field("ca")));
    let client = client_certificate.map(|client| self::client(&client, &at.field("clientCertificate")));
    let server_name = server_name.unwrap_or_else(|| host.to_owned());
    Some(Tls {
        server_name,
        ca: ca.map_or(Some(None), |ca| ca.map(Some))?,
        client: client.map_or(Some(None), |client| client.map(Some))?,
        verifies,
    })
}

fn client(client: &api::ClientCertificate, at: &At) -> Option<ClientCertificate> {
    let key = Pem {
        text: PemText::Secret(client.key.secret_key_ref.clone()),
        path: at.field("key").path().to_owned(),
    };
    Some(ClientCertificate { certificate: certificates(&client.certificate, &at.field("certificate"))?, key })
}

fn certificates(pem: &api::Pem, at: &At) -> Option<Pem> {
    let text = match given(pem.value.as_deref(), pem.value_from.as_ref(), at)? {
        Given::Here(text) => {
            at.field("value").take(model::certificates(text))?;
            PemText::Given(text.to_owned())
        }
        Given::Secret(reference) => PemText::Secret(reference.clone()),
    };
    Some(Pem { text, path: at.path().to_owned() })
}
