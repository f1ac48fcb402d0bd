//! Benchmarks of Hark's hot paths.
