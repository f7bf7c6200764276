//! A portal to run the client against.
