//! The `loadgate` program.

fn main() {}
