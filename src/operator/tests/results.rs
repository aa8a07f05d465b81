//! Tests of the events.
