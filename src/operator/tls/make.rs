//! Makes authorities and server certificates. The time is an argument; keys are drawn.

use std::time::Duration;

use jiff::Timestamp;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, Error, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};

use super::material::Material;

/// An authority is valid for so long.
pub(super) const AUTHORITY_LIFE: Duration = Duration::from_hours(5 * 365 * 24);
/// A server certificate is valid for so long.
pub(super) const SERVER_LIFE: Duration = Duration::from_hours(90 * 24);
/// Certificates are valid from so long ago: clocks of workers may be slow.
const SLACK: Duration = Duration::from_hours(24);

/// A new authority and a server certificate of it. Whoever trusts the authority before it, if that can still sign,
/// trusts the new one as well.
pub(super) fn authority(
    before: Option<&Material>,
    names: &[String],
    now: Timestamp,
) -> Result<Material, Error> {
    let key = KeyPair::generate()?;
    let params = authority_params(now);
    let mut authorities = vec![params.self_signed(&key)?.pem()];
    let mut crossed = Vec::new();
    if let Some(before) = before {
        crossed.push(cross(&params, &key, before, now)?);
        authorities.extend(before.authorities.first().cloned());
    }
    let authority_key = key.serialize_pem();
    let bare = Material { authorities, authority_key, created: now, chain: Vec::new(), key: String::new() };
    let material = server(&bare, names, now)?;
    Ok(Material { chain: [material.chain, crossed].concat(), ..material })
}

/// A new server certificate of the same authority.
pub(super) fn server(material: &Material, names: &[String], now: Timestamp) -> Result<Material, Error> {
    let key = KeyPair::generate()?;
    let params = server_params(names, now)?;
    let certificate = params.signed_by(&key, &issuer(material)?)?;
    let crossed = material.chain.iter().skip(1).cloned();
    let chain = std::iter::once(certificate.pem()).chain(crossed).collect();
    Ok(Material { chain, key: key.serialize_pem(), ..material.clone() })
}

/// The new authority as a certificate of the one before it.
fn cross(
    params: &CertificateParams,
    key: &KeyPair,
    before: &Material,
    now: Timestamp,
) -> Result<String, Error> {
    let mut params = params.clone();
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    // No longer than who signs it.
    is_valid(&mut params, now, before.created + AUTHORITY_LIFE);
    Ok(params.signed_by(key, &issuer(before)?)?.pem())
}

fn issuer(material: &Material) -> Result<Issuer<'static, KeyPair>, Error> {
    let key = KeyPair::from_pem(&material.authority_key)?;
    Ok(Issuer::new(authority_params(material.created), key))
}

/// Also what an issuer is rebuilt from: with another name in it, the next release couldn't sign for the authority
/// of this one, and would have to make a new one that nobody trusts yet.
fn authority_params(created: Timestamp) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, format!("loadgate ingest authority {created}"));
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
    params.use_authority_key_identifier_extension = true;
    is_valid(&mut params, created, created + AUTHORITY_LIFE);
    params
}

fn server_params(names: &[String], now: Timestamp) -> Result<CertificateParams, Error> {
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name.push(DnType::CommonName, "loadgate ingest");
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    is_valid(&mut params, now, now + SERVER_LIFE);
    Ok(params)
}

fn is_valid(params: &mut CertificateParams, from: Timestamp, to: Timestamp) {
    let since_epoch = |time: Timestamp| Duration::from_secs(time.as_second().try_into().unwrap_or(0));
    let epoch = rcgen::date_time_ymd(1970, 1, 1);
    params.not_before = epoch + since_epoch(from - SLACK);
    params.not_after = epoch + since_epoch(to);
}
