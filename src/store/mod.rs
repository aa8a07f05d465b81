//! Where results outlive the pods: packed so that they fit into a ConfigMap.

mod packing;

pub use packing::{LARGEST, PackError, Packed, pack, unpack};
