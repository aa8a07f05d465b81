//! Cookies that a target sets never change more of a request than its one header.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| loadgate::engine::laws::cookies(input));
