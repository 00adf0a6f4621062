"""More than one training: studies over configs and seeds, and runs made small enough to ship."""
