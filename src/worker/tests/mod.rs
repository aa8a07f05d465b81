//! Workers and their coordinator, whatever becomes of what they say to each other.

mod faults;
mod forgetful;
