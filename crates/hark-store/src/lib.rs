//! Backends of the Store port: memory and redb; StoreView; the conformance suite.
