//! Where results outlive the pods: packed so that they fit into a ConfigMap.

mod packing;
#[cfg(test)]
mod tests;

pub use packing::{LARGEST, PackError, pack, unpack};
