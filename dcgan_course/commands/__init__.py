"""The command line. The commands import what they need when they are called: help comes at once."""
