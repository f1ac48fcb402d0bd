//! All of Hark in one process, and the command line a person uses.
