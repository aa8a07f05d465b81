//! `spec.target.tls`: what the target's certificate must be, and what the target is shown.

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use crate::api;
use crate::plan::fault::At;
use crate::plan::model::{ClientCertificate, Pem, PemText, Tls};

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
    let text = match (&pem.value, &pem.value_from) {
        (Some(text), None) => PemText::Given(at.field("value").take(readable(text))?),
        (None, Some(from)) => PemText::Secret(from.secret_key_ref.clone()),
        (Some(_), Some(_)) => {
            at.fault("has both value and valueFrom; keep one");
            return None;
        }
        (None, None) => {
            at.fault("needs a value or a valueFrom");
            return None;
        }
    };
    Some(Pem { text, path: at.path().to_owned() })
}

fn readable(text: &str) -> Result<String, String> {
    let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(text.as_bytes()).collect();
    match all {
        Ok(all) if !all.is_empty() => Ok(text.to_owned()),
        Ok(_) => Err("holds no certificate; it begins with -----BEGIN CERTIFICATE-----".to_owned()),
        Err(error) => Err(format!("isn't PEM: {error}")),
    }
}
