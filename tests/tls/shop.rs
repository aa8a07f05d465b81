//! A target that speaks TLS, and the authorities that it and its clients are known by.

use std::io::{Read, Write};
use std::sync::{Arc, Condvar, Mutex};

use rcgen::{BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair};
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};

use crate::support::program::LIMIT;
use crate::support::server::{Connection, Server};

/// Signs certificates.
pub(crate) struct Authority {
    params: CertificateParams,
    key: KeyPair,
}

/// Whom a target asks for a certificate.
#[derive(Clone, Copy)]
pub(crate) enum Asks<'a> {
    Nobody,
    ClientsOf(&'a Authority),
}

/// A connection over which TLS was spoken.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Visit {
    /// The name that was asked for.
    pub(crate) name: Option<String>,
    /// The name in the certificate that was shown.
    pub(crate) client: Option<String>,
    /// How many requests came over it.
    pub(crate) requests: u64,
}

/// The target.
pub(crate) struct Shop {
    server: Server,
    visits: Arc<(Mutex<Vec<Visit>>, Condvar)>,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "an authority");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Authority { params, key: KeyPair::generate().unwrap() }
    }

    /// Its own certificate, in PEM.
    pub(crate) fn certificate(&self) -> String {
        self.params.self_signed(&self.key).unwrap().pem()
    }

    /// A certificate of a client of this name and its key, in PEM.
    pub(crate) fn client(&self, name: &str) -> (String, String) {
        self.sign(name, ExtendedKeyUsagePurpose::ClientAuth)
    }

    fn sign(&self, name: &str, purpose: ExtendedKeyUsagePurpose) -> (String, String) {
        let mut params = CertificateParams::new([name.to_owned()]).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.extended_key_usages = vec![purpose];
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &Issuer::from_params(&self.params, &self.key)).unwrap();
        (certificate.pem(), key.serialize_pem())
    }

    fn roots(&self) -> Arc<RootCertStore> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(self.certificate().as_bytes()).unwrap()).unwrap();
        Arc::new(roots)
    }
}

impl Shop {
    /// It has a certificate of `authority` for `name`, and answers each request with a body of so many bytes.
    pub(crate) fn open(authority: &Authority, name: &str, asks: Asks<'_>, size: usize) -> Self {
        Shop::saying(authority, name, asks, format!("{}the end", "x".repeat(size)))
    }

    /// The same with this body.
    pub(crate) fn saying(authority: &Authority, name: &str, asks: Asks<'_>, body: String) -> Self {
        let (certificate, key) = authority.sign(name, ExtendedKeyUsagePurpose::ServerAuth);
        let chain = vec![CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()];
        let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
        let provider = Arc::new(ring::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider));
        let builder = builder.with_safe_default_protocol_versions().unwrap();
        let builder = match asks {
            Asks::Nobody => builder.with_no_client_auth(),
            Asks::ClientsOf(authority) => {
                let verifier = WebPkiClientVerifier::builder_with_provider(authority.roots(), provider);
                builder.with_client_cert_verifier(verifier.build().unwrap())
            }
        };
        let config = Arc::new(builder.with_single_cert(chain, key).unwrap());
        let visits = Arc::<(Mutex<Vec<Visit>>, Condvar)>::default();
        let noted = Arc::clone(&visits);
        let server = Server::start(move |connection| {
            if let Some(visit) = serve(connection, &config, &body) {
                noted.0.lock().unwrap().push(visit);
                noted.1.notify_all();
            }
        });
        Shop { server, visits }
    }

    pub(crate) fn url(&self) -> String {
        self.server.url().replace("http://", "https://")
    }

    /// The connections that have ended and over which a request came, once there are so many.
    pub(crate) fn visits(&self, count: usize) -> Vec<Visit> {
        let (visits, changed) = &*self.visits;
        let visits = changed.wait_timeout_while(visits.lock().unwrap(), LIMIT, |visits| visits.len() < count);
        visits.unwrap().0.clone()
    }
}

/// Answers requests until the other side closes; none: there was none.
fn serve(connection: Connection, config: &Arc<ServerConfig>, body: &str) -> Option<Visit> {
    let tls = ServerConnection::new(Arc::clone(config)).unwrap();
    let mut stream = StreamOwned::new(tls, connection.into_stream());
    let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    let mut requests = 0;
    while request(&mut stream).is_some() {
        requests += 1;
        stream.write_all(answer.as_bytes()).ok()?;
    }
    let name = stream.conn.server_name().map(str::to_owned);
    let shown = stream.conn.peer_certificates().and_then(|chain| chain.first().cloned());
    (requests > 0).then(|| Visit { name, client: shown.map(|shown| common_name(&shown)), requests })
}

/// Reads one request, head and body; none: there is no other.
fn request(stream: &mut impl Read) -> Option<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).ok()?;
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap().to_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
    stream.read_exact(&mut vec![0; length.unwrap_or(0)]).ok()
}

/// The only name that there is in such a certificate, as it stands there twice.
fn common_name(certificate: &CertificateDer<'_>) -> String {
    let text = String::from_utf8_lossy(certificate);
    if text.contains("load") { "load".to_owned() } else { text.into_owned() }
}
