//! The types of the LoadTest object, one file per part of the spec; no behaviour.
