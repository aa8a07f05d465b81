//! Processes whose time of day is another one, by the library of `faketime`. What time has passed stays true.

use std::io::Write;
use std::path::PathBuf;

/// What a process is to be told by its environment, where the library is installed. In CI it must be.
pub(crate) fn clock(said: (&str, &str)) -> Option<Vec<(String, String)>> {
    let library = library()?;
    let variables = [
        ("LD_PRELOAD", library.to_str()?),
        ("FAKETIME_NO_CACHE", "1"),
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
        said,
    ];
    Some(variables.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec())
}

fn library() -> Option<PathBuf> {
    let folders = std::fs::read_dir("/usr/lib").ok()?.filter_map(Result::ok).map(|folder| folder.path());
    let found =
        folders.map(|folder| folder.join("faketime/libfaketimeMT.so.1")).find(|library| library.is_file());
    if found.is_none() {
        let told = "faketime isn't installed: no clock is wrong in these tests";
        assert!(std::env::var_os("CI").is_none(), "{told}");
        // Past the capture of the test harness, which would hide it.
        let _ = writeln!(std::io::stderr(), "\n*** {told} ***\n");
    }
    found
}
