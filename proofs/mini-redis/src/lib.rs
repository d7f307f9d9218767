//! Nothing but a dependency: `run`, beside this package, has cargo fetch it, and tests a copy.
