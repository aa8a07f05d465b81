//! The way to a coordinator: by its name, or to the address of the one that leads, which shows the same name.

use std::net::SocketAddr;
use std::time::Duration;

use reqwest::{Client, Url};
use url::Host;

use super::{Address, ClientError};

/// The longest that opening a connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// How the coordinator is reached now.
#[derive(Clone, Debug)]
pub(super) struct Way {
    pub(super) client: Client,
    pub(super) url: Url,
    /// The one that leads, as another one has said; none: whoever answers by the name.
    pub(super) leader: Option<SocketAddr>,
}

impl Way {
    /// The way to `leader`, or to whoever answers by the name. By that name it shows who it is in either case.
    pub(super) fn to(address: &Address, leader: Option<SocketAddr>) -> Result<Self, ClientError> {
        let builder = Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .retry(reqwest::retry::never())
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy();
        let builder = match &address.authority {
            Some(pem) => {
                let authorities = reqwest::Certificate::from_pem_bundle(pem)?;
                if authorities.is_empty() {
                    return Err(ClientError::NoAuthority);
                }
                builder.tls_certs_only(authorities).https_only(true)
            }
            None => builder,
        };
        let mut url = address.url.clone();
        let builder = match (address.url.host(), leader) {
            (Some(Host::Domain(name)), Some(leader)) => {
                // The port is taken from the URL alone. Setting it fails only where there is no host.
                let _ = url.set_port(Some(leader.port()));
                builder.resolve(name, leader)
            }
            (_, Some(leader)) => {
                // There is no name to keep.
                let _ = url.set_ip_host(leader.ip());
                let _ = url.set_port(Some(leader.port()));
                builder
            }
            (_, None) => builder,
        };
        Ok(Way { client: builder.build()?, url, leader })
    }
}
