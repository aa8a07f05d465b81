//! The demonstration target: real services, in memory, that can be made ill on purpose.
