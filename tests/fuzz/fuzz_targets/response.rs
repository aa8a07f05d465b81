//! A response is read alike however it is split.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| loadgate::engine::laws::response(input));
