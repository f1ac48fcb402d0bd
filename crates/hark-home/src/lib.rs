//! Device adapters: the built-in virtual home.
