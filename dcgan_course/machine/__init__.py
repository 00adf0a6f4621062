"""What knows nothing of GANs: devices and threads, several processes, files, signals, flags, errors."""
