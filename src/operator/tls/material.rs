//! What is kept: the authority with its key, the server's chain with its key; and how it lies in a Secret.

use std::collections::BTreeMap;

use jiff::Timestamp;

/// The authorities that are trusted, the current one first.
const AUTHORITIES: &str = "ca.crt";
const AUTHORITY_KEY: &str = "ca.key";
/// When the current authority was made; its name and its age come from that.
const AUTHORITY_CREATED: &str = "ca.created";
const CHAIN: &str = "tls.crt";
const KEY: &str = "tls.key";

const END: &str = "-----END CERTIFICATE-----";

/// All that is kept. It has no `Debug`: its keys are nobody's business.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Material {
    /// PEM, one certificate each: the current authority and, if there was one, that before it.
    pub(super) authorities: Vec<String>,
    /// PEM, of the current authority.
    pub(super) authority_key: String,
    pub(super) created: Timestamp,
    /// PEM, one certificate each: the server's, and the current authority as signed by that before it.
    pub(super) chain: Vec<String>,
    /// PEM, of the server's certificate.
    pub(super) key: String,
}

impl Material {
    /// What a Secret holds; none if it is empty or something is missing.
    pub(super) fn from_data(data: &BTreeMap<String, Vec<u8>>) -> Option<Self> {
        let text = |key: &str| data.get(key).and_then(|bytes| String::from_utf8(bytes.clone()).ok());
        Some(Material {
            authorities: certificates(&text(AUTHORITIES)?),
            authority_key: text(AUTHORITY_KEY)?,
            created: text(AUTHORITY_CREATED)?.trim().parse().ok()?,
            chain: certificates(&text(CHAIN)?),
            key: text(KEY)?,
        })
    }

    /// What a Secret is to hold.
    pub(super) fn to_data(&self) -> BTreeMap<String, Vec<u8>> {
        let entry = |key: &str, text: String| (key.to_owned(), text.into_bytes());
        BTreeMap::from([
            entry(AUTHORITIES, self.bundle()),
            entry(AUTHORITY_KEY, self.authority_key.clone()),
            entry(AUTHORITY_CREATED, self.created.to_string()),
            entry(CHAIN, joined(&self.chain)),
            entry(KEY, self.key.clone()),
        ])
    }

    /// What workers are to trust, as one PEM text.
    pub(super) fn bundle(&self) -> String {
        joined(&self.authorities)
    }
}

fn certificates(pem: &str) -> Vec<String> {
    let blocks = pem.split_inclusive(END).map(str::trim).filter(|block| !block.is_empty());
    blocks.map(|block| format!("{block}\n")).collect()
}

fn joined(certificates: &[String]) -> String {
    certificates.concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn material() -> Material {
        let certificate = |text: &str| format!("-----BEGIN CERTIFICATE-----\n{text}\n{END}\n");
        Material {
            authorities: vec![certificate("new"), certificate("old")],
            authority_key: "authority key".to_owned(),
            created: Timestamp::from_second(1_700_000_000).unwrap(),
            chain: vec![certificate("server"), certificate("cross")],
            key: "key".to_owned(),
        }
    }

    #[test]
    fn what_is_written_into_a_secret_is_read_from_it() {
        let material = material();
        assert!(Material::from_data(&material.to_data()) == Some(material));
    }

    #[test]
    fn a_secret_that_lacks_something_counts_as_empty() {
        assert!(Material::from_data(&BTreeMap::new()).is_none());
        for key in [AUTHORITIES, AUTHORITY_KEY, AUTHORITY_CREATED, CHAIN, KEY] {
            let mut data = material().to_data();
            data.remove(key);
            assert!(Material::from_data(&data).is_none(), "without {key}");
        }
        let mut data = material().to_data();
        data.insert(AUTHORITY_CREATED.to_owned(), b"yesterday".to_vec());
        assert!(Material::from_data(&data).is_none());
    }
}
