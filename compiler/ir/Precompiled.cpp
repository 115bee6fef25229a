// The precompiled header needs one source of its own.
