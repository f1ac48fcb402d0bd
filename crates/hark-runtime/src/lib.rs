//! What every Hark process needs: configuration, telemetry, tasks, shutdown, health, clock, the hardened gRPC server.
