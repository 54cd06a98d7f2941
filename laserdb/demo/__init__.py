"""The conversations that `laserdb demo` runs on."""
