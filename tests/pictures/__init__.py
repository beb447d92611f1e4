"""The pictures of README, made from what lockctl prints and from its thresholds: `./dev pictures`."""
