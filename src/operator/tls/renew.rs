//! Decides what of the certificates is renewed, and when; and renews it.
//!
//! ```text
//!  what is there                                      what is made
//!  nothing, or nothing that can be read               an authority and a server certificate
//!  an authority that is too old, or from the future   the same, and the old authority signs the new one
//!  a server certificate that workers wouldn't accept  a server certificate
//!  in 30 days from now: old, other names, other key
//!  all that                                           nothing
//! ```

use std::time::Duration;

use jiff::Timestamp;

use super::material::Material;
use super::{TlsError, make, verify};

/// An authority is renewed at this age: four years before it ends.
const AUTHORITY_AGE: Duration = Duration::from_hours(365 * 24);
/// A server certificate is renewed so long before it ends.
const SERVER_MARGIN: Duration = Duration::from_hours(30 * 24);
/// A clock may be set back by so much, and an authority still isn't from the future.
const SLACK: Duration = Duration::from_hours(24);

/// What is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    Nothing,
    Server,
    Authority,
}

/// What is to be kept from now on; none: what there is.
pub(super) fn renewed(
    material: Option<&Material>,
    names: &[String],
    now: Timestamp,
) -> Result<Option<Material>, TlsError> {
    let Some(material) = material else { return anew(names, now).map(Some) };
    let renewed = match due(material, names, now) {
        Due::Nothing => return Ok(None),
        Due::Server => make::server(material, names, now),
        Due::Authority => make::authority(Some(material), names, now),
    };
    // An authority that can't sign any more, such as one whose key was changed by hand, is given up.
    let sound = renewed.ok().filter(|renewed| due(renewed, names, now) == Due::Nothing);
    sound.map_or_else(|| anew(names, now), Ok).map(Some)
}

fn anew(names: &[String], now: Timestamp) -> Result<Material, TlsError> {
    let made = make::authority(None, names, now)?;
    verify::accepted(&made, &made.authorities[0], names, now)?;
    Ok(made)
}

pub(super) fn due(material: &Material, names: &[String], now: Timestamp) -> Due {
    let is_too_old = now >= material.created + AUTHORITY_AGE;
    let is_from_the_future = now + SLACK < material.created;
    let Some(authority) = material.authorities.first() else { return Due::Authority };
    let is_accepted = |at| verify::accepted(material, authority, names, at).is_ok();
    if is_too_old || is_from_the_future {
        Due::Authority
    } else if is_accepted(now) && is_accepted(now + SERVER_MARGIN) {
        Due::Nothing
    } else {
        Due::Server
    }
}
