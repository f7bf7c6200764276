//! A client for the vendor portal of Replicated, and a simulator of that portal.
