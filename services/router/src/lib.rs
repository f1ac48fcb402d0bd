//! Turns words into actions.
