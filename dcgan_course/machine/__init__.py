"""What would serve any training: devices and threads, several processes, files, signals, flags, errors."""
