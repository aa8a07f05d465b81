//! `loadgate crd`: prints the definition of the `LoadTest`.

use super::exit::Exit;
use super::output;
use crate::api::crd_yaml;

pub(super) fn run() -> anyhow::Result<Exit> {
    output::print(&crd_yaml())?;
    Ok(Exit::Pass)
}
