//! Whatever a request is filled with, it is that one request.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| loadgate::engine::laws::request(input));
