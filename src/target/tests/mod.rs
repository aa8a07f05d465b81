//! The target through real sockets.
