//! From a spec to a checked plan: every fault with its field path, timelines, shares.
